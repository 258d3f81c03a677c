"""Prints docs/errors.md from the table in `wire/errors.py`: `python tools/errors_page.py > docs/errors.md`."""

from __future__ import annotations

from hustings.wire.errors import CODES


def page() -> str:
    """The whole page."""
    rows = [f"| `{code}` | {status} | {sentence} |" for code, (status, sentence) in CODES.items()]
    head = [
        "# Error codes",
        "",
        'Every "no" is `{"code": "…", "message": "…"}`. The code is stable: programs may rely on it. This page is made by',
        "`tools/errors_page.py` from `src/hustings/wire/errors.py`.",
        "",
        "| code | status | message |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


if __name__ == "__main__":
    print(page(), end="")
