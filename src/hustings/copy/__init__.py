"""Every sentence a person reads, by id: one flat JSON file for each page and language.

`catalogue(lang, page)` loads one, `say` fills it in. Placeholders are `{name}`; a sentence with a number has one id for
each plural form of its language (`people.one`, `people.other`), chosen by `plural`. A feature keeps its own file beside
its code (`features/{name}/copy/{lang}.json`) and loads it with `read`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

_HERE = Path(__file__).parent
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
FALLBACK = "en"


def languages() -> list[str]:
    """The languages there are, English first, the rest by code."""
    found = {folder.name for folder in _HERE.iterdir() if any(folder.glob("*.json"))}
    return [FALLBACK, *sorted(found - {FALLBACK})]


def direction(lang: str) -> str:
    """`rtl` or `ltr`, as the attribute `dir` wants it."""
    return "rtl" if lang.split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def catalogue(lang: str, page: str) -> dict[str, str]:
    """All sentences of one page; what `lang` lacks comes from English.

    Errors: `FileNotFoundError` when English has no such page.
    """
    sentences = dict(read(_HERE / FALLBACK / f"{page}.json"))
    own = _HERE / lang / f"{page}.json"
    if lang != FALLBACK and own.parent.parent == _HERE and own.exists():
        sentences |= read(own)
    return sentences


def part(lang: str, page: str) -> dict[str, str]:
    """The sentences of one file under its name (`voice.fine.host`), for a page that holds more than one file."""
    return {f"{page}.{id}": text for id, text in catalogue(lang, page).items()}


@lru_cache(maxsize=64)
def _parse(path: Path, mtime_ns: int) -> dict[str, str]:
    tree = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(tree, dict) or not all(isinstance(text, str) for text in tree.values()):
        raise ValueError(f"{path.name}: a catalogue is one flat object of texts")
    return tree


def read(path: Path) -> dict[str, str]:
    """One catalogue file. Errors: `FileNotFoundError`, `ValueError` when it is not a flat object of texts."""
    return dict(_parse(path, path.stat().st_mtime_ns))


def plural(lang: str, n: int) -> str:
    """The plural form of a whole number: `one` or `other` (CLDR; languages with more forms add a branch here)."""
    if lang.split("-")[0] == "fr":
        return "one" if n in (0, 1) else "other"
    return "one" if n == 1 else "other"


def say(
    sentences: dict[str, str],
    id: str,
    n: int | None = None,
    *,
    lang: str = FALLBACK,
    **values: object,
) -> str:
    """One sentence, filled in. With `n`, its plural form (`id.one`, `id.other`) and `{n}`.

    Errors: `KeyError` for an id or a placeholder that is not there: a missing sentence is a bug, not a blank.
    """
    if n is not None:
        form = f"{id}.{plural(lang, n)}"
        id = form if form in sentences else f"{id}.other"
        values = {"n": n, **values}
    return sentences[id].format_map(values)
