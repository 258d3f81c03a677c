/**
 * How long a post is, counted as people count (and as `social/text.py` does): what is drawn as one is one, a link is 23, a mention is its
 * handle alone.
 */
const LINK = /(?<![\p{L}\p{N}_/@#&])https?:\/\/(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?\.)+\p{L}[\p{L}\p{N}_-]*\S*/giu;
const MENTION = /(?<![\p{L}\p{N}_/@#&])(@[a-z0-9_]+)@[a-z0-9.-]+\.[a-z]{2,}/giu;
const TRAILING = /[.,;:!?'’”»…*_~]+$/u;
const LINK_COUNTS = "x".repeat(23);
const drawn = "Segmenter" in Intl ? new Intl.Segmenter("en", { granularity: "grapheme" }) : null;

/** @param {string} text */
export function length(text) {
  const linked = text.trim().normalize("NFC").replace(LINK, (link) => LINK_COUNTS + (TRAILING.exec(link)?.[0] ?? ""));
  const counted = linked.replace(MENTION, "$1");
  return drawn ? [...drawn.segment(counted)].length : [...counted].length;
}
