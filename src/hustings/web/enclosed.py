"""What a form of a post carries besides words: pictures or a sound that were just chosen, and those that it had already.

A form that is refused comes back with them: nobody chooses a picture twice. All of it works without a script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from hustings.social import media, posts, scheduled
from hustings.social.drafts import Wanted
from hustings.social.media import IMAGE, PICTURES_MAX, PROCESSING, Attachment
from hustings.web.parts import Parts
from hustings.web.uploads import PATIENCE_S
from hustings.wire.errors import Refused

FIELDS_MAX, FIELD_BYTES_MAX = 60, 65_536
KINDS = ("multipart/form-data", "application/x-www-form-urlencoded")
WORDS = ("description", "credit")


@dataclass
class Enclosed:
    """`ids`: what the post shall have. `said`: what the form says of each. `refused`: the first "no"; the rest is kept."""

    fields: dict[str, object]
    ids: list[int] = field(default_factory=list)
    said: dict[int, dict[str, object]] = field(default_factory=dict)
    refused: Refused | None = None

    def check(self) -> None:
        if self.refused is not None:
            raise self.refused


async def read(parts: Parts, request: Request, account: int) -> Enclosed:
    """The fields of the form as `drafts.read` takes them, its new files laid into the spool and made. Errors: `bad_request`."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in KINDS:
        raise Refused("bad_request", field="content-type")
    try:
        async with request.form(
            max_files=PICTURES_MAX, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX
        ) as form:
            found = Enclosed({name: one for name, one in form.items() if isinstance(one, str)})
            _keep(found, form)
            for slot in range(PICTURES_MAX):
                file = form.get(f"file{slot}")
                if isinstance(file, UploadFile) and file.filename:
                    await _take(parts, account, found, file, _words(form, slot))
    except HTTPException:
        raise Refused("bad_request") from None
    for id in list(found.ids):
        await _wait(parts, account, found, id)
    found.fields["media_ids"] = [str(id) for id in found.ids]
    return found


def publish(
    connection: Connection,
    enclosed: Enclosed,
    id: int,
    account: int,
    wanted: Wanted,
    web_url: str,
    now_ms: int,
    key: str,
) -> int:
    """A new post with what is enclosed. Errors: those of `posts.publish`, `picture_alt_missing`."""
    _describe(connection, enclosed, account)
    return posts.publish(connection, id, account, wanted, web_url, now_ms, key)


def schedule(
    connection: Connection,
    enclosed: Enclosed,
    id: int,
    account: int,
    wanted: Wanted,
    due_at_ms: int,
    now_ms: int,
    key: str,
) -> int:
    """A post that is to appear later. Errors: those of `scheduled.add`, `picture_alt_missing`."""
    _describe(connection, enclosed, account)
    return scheduled.add(connection, id, account, wanted, due_at_ms, now_ms, key)


def edit(
    connection: Connection,
    enclosed: Enclosed,
    account: int,
    id: int,
    wanted: Wanted,
    now_ms: int,
) -> None:
    """Errors: those of `posts.edit`, `picture_alt_missing`."""
    posts.edit(connection, account, id, wanted, now_ms, enclosed.said)
    check_alt(media.of_post(connection, id))


def _describe(connection: Connection, enclosed: Enclosed, account: int) -> None:
    """What the form says of its pictures is written down. Errors: `picture_alt_missing`, those of `media.describe`."""
    for one in enclosed.ids:
        if one in enclosed.said and media.own(connection, account, one).post is None:
            media.describe(connection, account, one, enclosed.said[one])
    check_alt([media.own(connection, account, one) for one in enclosed.ids])


def check_alt(found: Sequence[Attachment]) -> None:
    """Whoever writes here says what a picture shows. Errors: `picture_alt_missing`."""
    if any(one.kind == IMAGE and not one.said.description for one in found):
        raise Refused("picture_alt_missing", field="media")


def shown(
    connection: Connection,
    account: int,
    ids: Sequence[int],
    said: Mapping[int, Mapping[str, object]],
) -> list[tuple[Attachment, str, str]]:
    """For a form: each that there is, with what is said of it."""
    found = []
    for id in ids:
        one = media.own(connection, account, id)
        words = said.get(id, {})
        described = str(words.get("description", one.said.description))
        found.append((one, described, str(words.get("credit", one.said.credit))))
    return found


def _keep(found: Enclosed, form: FormData) -> None:
    """Those that the form had already, but for those that shall go."""
    try:
        named = media.ids_of([one for one in form.getlist("media_ids") if isinstance(one, str)])
    except Refused as refused:
        found.refused = refused
        return
    for id in named:
        if form.get(f"drop{id}"):
            continue
        found.ids.append(id)
        said: dict[str, object] = {
            name: str(form[f"{name}{id}"]) for name in WORDS if f"{name}{id}" in form
        }
        if said:
            found.said[id] = said


def _words(form: FormData, slot: int) -> dict[str, object]:
    return {name: str(form.get(f"new_{name}{slot}") or "") for name in WORDS}


async def _take(
    parts: Parts, account: int, found: Enclosed, file: UploadFile, said: Mapping[str, Any]
) -> None:
    try:
        if parts.uploads.count(account).left < 0:
            raise Refused("uploads_many", field="media")
        found.ids.append(await parts.uploads.take(account, file, said))
    except Refused as refused:
        found.refused = found.refused or Refused(
            refused.code, **{**refused.detail, "field": "media"}
        )


async def _wait(parts: Parts, account: int, found: Enclosed, id: int) -> None:
    """Until it is made. What failed, and what is not one's own, is not kept."""
    try:
        one = await parts.uploads.ready(account, id, PATIENCE_S)
        if one.state == PROCESSING:
            found.refused = found.refused or Refused("media_busy", field="media")
    except Refused as refused:
        found.ids.remove(id)
        found.said.pop(id, None)
        found.refused = found.refused or Refused(refused.code, field="media")
