"""The demo: two recorded voices hold a conversation in the room `demo`, each through a WHIP session of its own.

They go in by the same doors as anybody: a ticket, `POST /whip/demo`, RTP. Nothing else in Hustings knows of them. Around
the room two accounts of theirs say a few lines (`square`).
"""
