"""PURE. Templates and copy in, bytes out: the static pages of the live and stage hosts.

`event` is the page that listeners open, `not_found` what stands at an address with nothing behind it.
Whoever writes the files (web while a room is planned, studio while it lives) gives the facts.
"""
