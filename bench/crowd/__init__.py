"""The rig of the crowd's figures: a fed edge and its peers on one core, model listeners or wrk on the other.

`sound` (one programme at 48 kbit/s for all), `servers` (who is measured), `load` (who asks), `cell` (one figure of it).
"""
