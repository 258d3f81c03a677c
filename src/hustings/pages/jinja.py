"""How every page of ours is made from a template: escaped, and a place that nothing fills is an error."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template


@lru_cache(maxsize=8)
def template(path: Path) -> Template:
    """The template in that file. Errors: `jinja2.TemplateError`."""
    found = Environment(
        loader=FileSystemLoader(path.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return found.get_template(path.name)
