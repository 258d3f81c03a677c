"""A process for one picture or sound that a stranger sent: it sets its own limits, decodes, encodes anew, and ends.

`one` is the process (standard input: what to make, as JSON; standard output: what was made), `limits` what the system holds it
to, `pictures` and `sounds` the work. It knows no database and no settings. Whoever takes it over has a folder and little time.
"""
