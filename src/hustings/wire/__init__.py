"""PURE. What crosses between the processes, as types: read `errors`, then `ticket`, then `messages`, then `feed`.

`docs/protocol.md` says the same in prose. Nothing here opens a file or a socket, or looks at a clock.
"""
