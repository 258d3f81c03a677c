"""Sound as bytes: coded access units in, low-latency HLS out. Pure, standard library only.

There is one number: the room's *clock*, which counts 48 kHz samples since 1970. Everything else is
read off it: segment number = clock // 184,320 in every variant, after every restart, on every
machine; part number within the segment = the rest // part length. Nothing here counts on its own.

Primitives, in reading order:

1. `profile`    how long a part is, and which segment and part a clock value falls in
2. `variant`    one encoding of the program: codec, frame length, decoder configuration
3. `fmp4`       boxes by hand: the init section, and one fragment (`moof` + `mdat`)
4. `segmenter`  access units -> `Part` -> `Segment` (its parts' bytes joined)
5. `silence`    fills a hole with coded silence, so that numbers never jump
6. `window`     what the playlist names (30 s), and whose bytes may go (90 s)
7. `playlist`   the text: media (with parts, or plain), multivariant, replay
8. `reload`     what to answer to a blocking reload, and to a request for one file

| what                                          | specification                               |
|-----------------------------------------------|---------------------------------------------|
| playlist syntax, attribute lists              | draft-pantos-hls-rfc8216bis §4.1, §4.2      |
| EXT-X-PART-INF, EXT-X-SERVER-CONTROL          | same, §4.4.3.7, §4.4.3.8                    |
| EXTINF, EXT-X-MAP, EXT-X-PROGRAM-DATE-TIME    | same, §4.4.4.1, §4.4.4.5, §4.4.4.6          |
| EXT-X-PART, 85 % rule, INDEPENDENT            | same, §4.4.4.9                              |
| EXT-X-PRELOAD-HINT, EXT-X-RENDITION-REPORT    | same, §4.4.5.3, §4.4.5.4                    |
| EXT-X-STREAM-INF, EXT-X-SESSION-DATA          | same, §4.4.6.2, §4.4.6.4                    |
| live window, how long bytes and parts stay    | same, §6.2.2                                |
| blocking playlist reload                      | same, §6.2.5.2                              |
| ftyp, moov, mvex/trex, moof/tfhd/tfdt/trun    | ISO/IEC 14496-12 §4.3, §8.2 to §8.8         |
| esds, ES_Descriptor in a file                 | ISO/IEC 14496-14 §5.6, 14496-1 §7.2.6       |
| AudioSpecificConfig                           | ISO/IEC 14496-3 §1.6.2.1                    |
| `Opus` sample entry, `dOps`                   | Encapsulation of Opus in ISOBMFF §4.3       |
| OpusHead                                      | RFC 7845 §5.1                               |
"""

from __future__ import annotations
