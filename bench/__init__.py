"""The figures. `python -m bench` measures them in real parts and holds them against `budget.toml`.

`rows` (what a figure is made of) > `marks` (is it within its budget) > `figures/*` (one file a figure) > `picture`.
"""
