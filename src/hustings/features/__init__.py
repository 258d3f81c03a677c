"""Room features, one folder each: `model.py` (pure), `studio.py`, `panel.js`, `copy/`, `README.md`, `tests/`.

`studio.py` and `web.py` beside this file are the two static import lists. `docs/adding-a-feature.md` is the checklist.
"""

NAMES = ("hands", "recording")
