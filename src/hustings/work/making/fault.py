"""Why nothing can be made of a file."""

from __future__ import annotations


class Fault(Exception):
    """`code` is one of `wire.errors`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)
