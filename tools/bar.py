"""A bar for a long pip: counts its lines that name a package, on a terminal in place, elsewhere once at the end."""

from __future__ import annotations

import sys


def main() -> None:
    total, title = max(1, int(sys.argv[1])), sys.argv[2]
    done = 0
    for line in sys.stdin:
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            done += 1
            if sys.stdout.isatty():
                filled = min(30, 30 * done // total)
                print(
                    f"\r{title} [{'█' * filled}{'·' * (30 - filled)}] {min(done, total)}/{total}",
                    end="",
                    flush=True,
                )
        elif line.startswith("Installing collected") and sys.stdout.isatty():
            print(f"\r{title} [{'█' * 30}] unpacking …      ", end="", flush=True)
    print(f"\r{title}: {total} packages are in place.          ")


if __name__ == "__main__":
    main()
