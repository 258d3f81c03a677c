"""How a voice comes through a bad road: the rig of the `voice` figure. `bench/figures/voice.py` runs it."""
