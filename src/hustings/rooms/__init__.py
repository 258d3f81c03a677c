"""PURE. A room: what it is, who is in it, what may be done, and the journal that all of it is folded from.

Read `room` (the state table and the fold), then `stage` (the people), `permissions` (who may do what, when), `commands`
(a command in, drafts of journal events out), `journal` (events as lines). `feature` is the shape that a room feature has
towards studio. Time, ids and entropy are arguments.
"""
