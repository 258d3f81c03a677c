"""Sound as samples: what happens to a voice between its packets and the program's access units.

Pure: no clock, thread, socket or chance of its own; time is an argument and every result follows from the calls made.
Sound is float32 in [-1, 1] at 48 kHz; it moves in *ticks* of 960 samples (20 ms), shape (960,) or (960, 2).

Seven primitives, in reading order (which is the road of a word):

- `clock`: the room's clock, samples since 1970. A **tick** is the unit of work, a label is always a clock.
- `jitter_buffer`: RTP packets in as they come, one `Pull` out per tick; `opus_packet` reads their first bytes.
- `codec`: libopus through ctypes; `OpusDecoder.tick(pull)` turns a pull into a tick of sound, `OpusEncoder` back.
- `treatment`: hum and steady noise taken out (`hum`, `denoise`) where somebody asked for it.
- `level`, `mixer`, `limiter`: who talks and how loud, the gain matrix of sources and buses, the ceiling.
- `watch`, `findings`: what is wrong with a microphone or its road, once a second, in a word.
- `encoder`: program ticks in, labelled `AccessUnit`s out, AAC-LC and Opus; `holding` is what plays before a room is on air,
  `room_tone` what lies under it from then on (both are `looped`), `comfort` what stands in for a moment where a speaker's
  road breaks off.

    packet > JitterBuffer.push … pull > OpusDecoder.tick > Level, Leveller > Mixer.mix > Limiter > AacEncoder.push

Nothing here knows of rooms, roles, people or files.
"""
