"""`hustings prepare`: keys, assets and the stage page. `serve` runs it as a process of its own, which takes the
memory of templates and cryptography with it; units that start each process alone run it first.

Prints the name of each step as it is done.
"""

from __future__ import annotations

from pathlib import Path

import hustings
from hustings import copy, keyring, preflight
from hustings.pages import stage
from hustings.serve.publish import publish, write_by_rename
from hustings.settings import Settings, client_dir

LANGUAGE = "en"


def run(settings: Settings) -> int:
    """Errors: `OSError` (a folder or file can't be written)."""
    preflight.check_folders(settings.home_dir)
    preflight.check_socket_path(settings.studio_socket)
    for name in keyring.SIGNERS:
        keyring.load_or_make(settings.keys_dir, name)
    keyring.planner_key(settings.keys_dir)
    keyring.feed_key(settings.keys_dir)
    print("keys", flush=True)
    features = Path(str(hustings.__file__)).parent / "features"
    mark = publish(client_dir(), features, settings.published_dir)
    page = stage.render(
        copy.catalogue(LANGUAGE, "stage") | copy.part(LANGUAGE, "voice"),
        f"/assets/{mark}",
        settings.public.live,
        settings.public.web,
        LANGUAGE,
    )
    write_by_rename(settings.published_dir / "stage.html", page)
    print("pages", flush=True)
    return 0
