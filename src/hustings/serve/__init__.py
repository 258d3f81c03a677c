"""The supervisor: prepares the data folder, starts studio, door, edge, web, radio and work, and keeps them up.

It imports next to nothing (about 10 MB), has no part in the talk, and may be killed: its children go on, and the next
`hustings serve` on the same folder takes them over.
"""
