"""What web does again and again, and at once when something happened."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from hustings.stopping import pause


class Rounds(ABC):
    """`run` goes on until it is cancelled; `ring`: there is something to do."""

    every_s: float

    def __init__(self) -> None:
        self._bell = asyncio.Event()

    def ring(self) -> None:
        self._bell.set()

    async def run(self) -> None:
        while True:
            self._bell.clear()
            await self.once()
            await pause(self._bell, self.every_s)

    @abstractmethod
    async def once(self) -> None:
        """One round."""
