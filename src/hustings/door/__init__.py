"""PROCESS. The stage host: the stage page, and the way of a speaker's requests to studio.

Read `app` (the addresses), then `studio` (the client of its socket), `limits` (who knocks how often), `files`
(the page and its assets). Door checks a ticket's signature before a byte goes inward; what a command means it does not
know. No listeners, no database, no sound.
"""
