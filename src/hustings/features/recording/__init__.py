"""Recording: the replay of the mix, downloads for the host, and their end.

The packets and the mix themselves are written by `studio/recording.py`, before anything here runs. Read `model`, then
`ogg`, `replay` and `export` (files in, files out), then `studio`.
"""
