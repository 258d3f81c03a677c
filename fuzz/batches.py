"""`python -m fuzz.batches TARGET SECONDS`: Hypothesis for so much processor time, seed after seed.

Says what libFuzzer would: where it begins, and `#{executions}`. An escape is shown with its smallest input, and ends with code 1.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings

from fuzz.mutations import inputs
from fuzz.targets import TARGETS

BATCH = 500


def main(target: str, seconds: float, clock: Callable[[], float] = time.process_time) -> int:
    """How often the target was called."""
    count, number, end = 0, 0, clock() + seconds
    drawn = inputs(target)
    patient = settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    while clock() < end:

        @seed(number)
        @patient
        @given(drawn)
        def escape(raw: bytes) -> None:
            nonlocal count
            count += 1
            TARGETS[target](raw)

        escape()
        number += 1
    return count


if __name__ == "__main__":
    print("INFO: Seed: 0", flush=True)
    print(f"#{main(sys.argv[1], float(sys.argv[2]))} done", flush=True)
