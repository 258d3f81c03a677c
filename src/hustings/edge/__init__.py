"""PROCESS. Listeners: answers from memory, anonymous, cookie-free, finite.

Reading order: `objects` (the dictionary and its waiters), `follow` (fills it from studio's feed), `answer` (one object as
an HTTP answer: encodings, ranges), `files` (what is published on disk), `app` (which address is what), `serve` (the
processes: sockets, workers, their respawn). Absent: database, cookies, tickets, sound.
"""
