"""PROCESS. `live.mp3`: one endless MP3 for radios, car units and podcast apps; the only place where a listener is a connection.

Encoded only while somebody listens, capped, cut when a listener falls ten seconds behind, and the first thing to be given up.
Reading order: `program` (a room's sound and its listeners), `app` (requests), `serve` (the process). Absent: database, tickets.
"""
