-- Every request another query: half of them blocking reloads of random parts, half words that mean nothing.
math.randomseed(os.time())
function request()
  if math.random() < 0.5 then
    local msn, part = math.random(0, 999999999), math.random(0, 9)
    return wrk.format("GET", wrk.path .. "?_HLS_msn=" .. msn .. "&_HLS_part=" .. part)
  end
  return wrk.format("GET", wrk.path .. "?x=" .. math.random(0, 999999999))
end
