vcl 4.1;
# Varnish in front of edge (the live host only; never in front of stage or web). Start it with
#   varnishd -F -a 127.0.0.1:6081 -f /etc/varnish/hustings.vcl -s malloc,256m -p thread_pool_min=200 -p backend_idle_timeout=4
# (edge closes an idle connection after five seconds, and a beacon sent into that moment would be lost), and put nginx
# (deploy/nginx) before it for TLS and HTTP/2: Debian's Varnish 7.1 has no answer to rapid reset (a gigabyte within ten seconds),
# so leave its feature=+http2 off. A hundred thousand parked reloads are one request at edge: Varnish keeps those who want the
# same object on one list and asks once.

import std;

backend default {
    .host = "127.0.0.1";
    .port = "8001";
    # A reload or a part parks for 11.5 s at the most.
    .first_byte_timeout = 20s;
    .between_bytes_timeout = 5s;
    .connect_timeout = 1s;
    .probe = { .url = "/healthz"; .interval = 1s; .timeout = 2s; .window = 4; .threshold = 2; .initial = 2; }
}

sub vcl_recv {
    # Nothing may tell two listeners apart.
    unset req.http.Cookie;
    unset req.http.Authorization;
    unset req.http.Cache-Control;
    unset req.http.Pragma;

    if (req.method == "POST" && req.url ~ "^/live/[A-Za-z0-9_-]+/beacon(\?|$)") {
        return (pass);
    }
    if (req.method == "OPTIONS") {
        return (pass);
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (synth(405));
    }

    # One spelling for each path: all of ours are made of these letters, so an escape or a double slash is none of ours.
    if (req.url !~ "^/[A-Za-z0-9._/-]*(\?|$)" || req.url ~ "^[^?]*//" || req.url ~ "^/metrics") {
        return (synth(404));
    }
    if (req.url == "/healthz") {
        return (pass);
    }

    # One spelling for each query: a blocking reload has two numbers, nothing else has any.
    if (req.url ~ "^/live/[^/?]+/[^/?]+/live\.m3u8\?(.*&)?_HLS_(msn|part)=") {
        if (req.url ~ "_HLS_msn=.*_HLS_msn=" || req.url ~ "_HLS_part=.*_HLS_part=") {
            set req.url = regsub(req.url, "\?.*", "?_HLS_msn=x");
        } else if (req.url ~ "[?&]_HLS_msn=(0|[1-9][0-9]{0,11})(&|$)") {
            set req.http.X-Msn = regsub(req.url, ".*[?&]_HLS_msn=([0-9]+).*", "\1");
            if (req.url ~ "[?&]_HLS_part=(0|[1-9][0-9]{0,11})(&|$)") {
                set req.http.X-Part = regsub(req.url, ".*[?&]_HLS_part=([0-9]+).*", "&_HLS_part=\1");
            } else if (req.url ~ "[?&]_HLS_part=") {
                set req.http.X-Part = "&_HLS_part=x";
            }
            set req.url = regsub(req.url, "\?.*", "") + "?_HLS_msn=" + req.http.X-Msn + req.http.X-Part;
            unset req.http.X-Msn;
            unset req.http.X-Part;
        } else {
            set req.url = regsub(req.url, "\?.*", "?_HLS_msn=x");
        }
    } else {
        set req.url = regsub(req.url, "\?.*", "");
    }

    # A page may be an hour old while no edge is well, else ten seconds.
    if (std.healthy(req.backend_hint)) {
        set req.grace = 10s;
    }
    return (hash);
}

sub vcl_hash {
    # By path and query alone: one live host.
    hash_data(req.url);
    return (lookup);
}

sub vcl_backend_fetch {
    unset bereq.http.X-Forwarded-For;
}

sub vcl_backend_response {
    unset beresp.http.Set-Cookie;
    set beresp.keep = 0s;
    if (beresp.status >= 400) {
        # A "no" lasts a second, so that a crowd that asks for it is still one request.
        set beresp.ttl = 1s;
        set beresp.grace = 0s;
    } else if (bereq.url ~ "\.(m3u8|json)(\?|$)" && bereq.url ~ "^/live/") {
        set beresp.grace = 1s;
    } else if (bereq.url ~ "^/[^/]+$") {
        set beresp.grace = 1h;
    } else {
        set beresp.grace = 10s;
    }
    return (deliver);
}

sub vcl_backend_error {
    # No edge: asked again in a second, not by everybody at once. What is in memory goes on being served.
    set beresp.ttl = 1s;
    set beresp.grace = 0s;
    set beresp.status = 503;
    set beresp.http.Content-Type = "application/json";
    set beresp.http.Retry-After = "1";
    set beresp.http.Cache-Control = "public, max-age=1";
    set beresp.http.Access-Control-Allow-Origin = "*";
    set beresp.body = """{"code": "busy", "message": "The server is restarting. Try again in a second."}""";
    return (deliver);
}

sub vcl_deliver {
    unset resp.http.X-Varnish;
    unset resp.http.Via;
    set resp.http.Timing-Allow-Origin = "*";
}

sub vcl_synth {
    set resp.http.Content-Type = "application/json";
    set resp.http.Cache-Control = "public, max-age=1";
    set resp.http.Access-Control-Allow-Origin = "*";
    if (resp.status == 405) {
        set resp.http.Allow = "GET, HEAD, OPTIONS";
        set resp.body = """{"code": "method_not_allowed", "message": "This address does not take that method."}""";
    } else {
        set resp.body = """{"code": "not_found", "message": "There is nothing at this address."}""";
    }
    return (deliver);
}
