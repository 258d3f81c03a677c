"""A process for one picture, sound or archive that a stranger sent: it sets its own limits, makes something of it, and ends.

`one` is the process (standard input: what to make, as JSON; standard output: what was made), `pictures` and `sounds` its work;
`archive` is that of posts; `limits` what the system holds them to. It opens no database and reads no settings. Whoever takes it
over has a folder and little time.
"""
