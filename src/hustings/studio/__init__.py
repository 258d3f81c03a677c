"""PROCESS. The rooms while they live: speakers' packets in; mix, live window, recording, journal and feed out.

Reading order: `line` (the road of a word, on one screen), `live_room` (a room's clock, timers, commands and what
follows from each event), `sessions` (who speaks over which wire), `switchboard` and `udp` (the wire's sockets),
`recording` (packets and mix on disk), `feed` (what edge and web follow), `view` and `pulse` (what a stage page and a
listener see), `resume` (after a restart), `house` (all rooms), `app` (the calls on the Unix socket), `serve` (the
process).

Never here: the database, accounts, public TCP.
"""
