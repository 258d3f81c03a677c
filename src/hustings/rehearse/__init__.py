"""The evening before: model listeners on the real road, until something binds; then a report of what was measured.

Reading order: `plan` (what is asked), `target` and `consent` (whether it may be), `listener` (one model listener, pure),
`ledger` and `part` (is the sound whole), `exchange` (HTTP/1.1 out of bytes), `link` and `crew` (many listeners in one
process), `tally` (what they saw), `verdict` (what binds), `app` (the run), `report`, `page`, `plots` and `seal` (what is
left of it). It is no weapon: any address but loopback needs the consent of its server before a second request.
"""
