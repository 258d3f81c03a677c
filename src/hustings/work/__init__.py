"""PROCESS. Jobs from the table, by lease, in lanes: what may be late. It may die, or be stopped for half an hour: jobs wait.

Reading order: `runner` (one lane: take, perform, end), `mail` (what is performed in the lane `mail`), `compose` and `post` (a
letter, and its way to the mail server), `media` and `making/` (pictures and sounds, each in a child with limits), `serve`
(the process). Absent: public ports, live state.
"""
