/**
 * Reads a media playlist (draft-pantos-hls-rfc8216bis) as far as a player of ours needs it. Times are seconds since 1970: program date time,
 * which is also the number in a segment's name times 3.84.
 *
 * @typedef {{url: string, msn: number, part: number|null, start_s: number, duration_s: number}} Piece
 * @typedef {{pieces: Piece[], map: string, partTarget_s: number, holdBack_s: number, ended: boolean}} Playlist
 */

/** @param {string} line @param {string} name */
const attribute = (line, name) => new RegExp(`[:,]${name}=("([^"]*)"|[^,]*)`).exec(line)?.slice(1).reduceRight((a, b) => a ?? b) ?? "";

/**
 * A segment with parts is given as its parts, another as itself.
 * @param {string} text @param {string} url where it was read
 * @returns {Playlist} @throws {Error} when it is no media playlist
 */
export function read(text, url) {
  /** @type {Playlist} */
  const list = { pieces: [], map: "", partTarget_s: 0, holdBack_s: 0, ended: false };
  const whole = (/** @type {string} */ uri) => new URL(uri, url).href;
  let msn = 0, start_s = 0, parts = 0, at_s = 0, duration_s = 0;
  if (!text.startsWith("#EXTM3U") || text.includes("#EXT-X-STREAM-INF")) throw new Error("no media playlist");
  for (const line of text.split("\n")) {
    const value = line.slice(line.indexOf(":") + 1);
    if (line.startsWith("#EXT-X-MEDIA-SEQUENCE")) msn = +value;
    else if (line.startsWith("#EXT-X-PART-INF")) list.partTarget_s = +attribute(line, "PART-TARGET");
    else if (line.startsWith("#EXT-X-SERVER-CONTROL")) list.holdBack_s = +attribute(line, "PART-HOLD-BACK") || +attribute(line, "HOLD-BACK");
    else if (line.startsWith("#EXT-X-MAP")) list.map = whole(attribute(line, "URI"));
    else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME")) start_s = at_s = Date.parse(value) / 1000;
    else if (line.startsWith("#EXTINF")) duration_s = parseFloat(value);
    else if (line.startsWith("#EXT-X-ENDLIST")) list.ended = true;
    else if (line.startsWith("#EXT-X-PART:")) {
      const length_s = +attribute(line, "DURATION");
      list.pieces.push({ url: whole(attribute(line, "URI")), msn, part: parts++, start_s: at_s, duration_s: length_s });
      at_s += length_s;
    } else if (line && !line.startsWith("#")) {
      if (!parts) list.pieces.push({ url: whole(line), msn, part: null, start_s, duration_s });
      start_s = at_s = start_s + duration_s;
      msn++;
      parts = 0;
    }
  }
  return list;
}
