"""Commands: what is asked of a room, and the drafts of journal events that grant it.

`decide` looks at the room and never changes it; studio gives the drafts numbers and a time, appends them to the journal,
and only then applies them. Errors are `Refusal`s with a code of `wire/errors.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hustings.rooms import brownout
from hustings.rooms.journal import Draft
from hustings.rooms.permissions import BEFORE_END, RULES, check
from hustings.rooms.roles import HOSTS, Actor, Refusal
from hustings.rooms.room import ENDED, ORDER, REPLAY, Plan, Room
from hustings.rooms.stage import AWAY, HERE, Person

RATE_PER_MS = 48
TITLE_MAX, DESCRIPTION_MAX, NAME_MAX, REASON_MAX = 200, 5_000, 60, 200
COUNT_IN_MAX_MS = 60_000
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A command with all that a decision may look at. `fresh` is a new 22-character id, `clock` the room's now."""

    room: Room
    actor: Actor
    body: Body
    clock: int
    fresh: str
    speakers_max: int


def decide(command: str, asked: Asked) -> list[Draft]:
    """The drafts that a command leads to; none when there is nothing to do. Errors: `Refusal`."""
    check(RULES, command, asked.actor, asked.room.state)
    check_ticket(asked.room, asked.actor)
    return DECISIONS[command](asked)


def check_ticket(room: Room, actor: Actor) -> None:
    """Whether this ticket still stands. Errors: `ticket_revoked`."""
    if actor.ticket in room.stage.revoked:
        raise Refusal("ticket_revoked")


def check_plan(plan: Plan) -> None:
    """The limits of a plan. Errors: `Refusal`."""
    if not plan.title.strip():
        raise Refusal("title_empty")
    if len(plan.title) > TITLE_MAX:
        raise Refusal("title_too_long")
    if len(plan.description) > DESCRIPTION_MAX:
        raise Refusal("description_too_long")
    if plan.profile not in ("default", "fast"):
        raise Refusal("profile_unknown")
    if len(plan.host_name) > NAME_MAX:
        raise Refusal("name_malformed")
    if not 0 <= plan.doors_before_s <= 86_400 or plan.starts_at_ms <= 0:
        raise Refusal("time_malformed")


def admit_session(asked: Asked, kind: str) -> list[Draft]:
    """A stage session is asked for by a ticket and a device: the drafts that seat him. Errors: `Refusal`.

    A device that is not the ticket's first is refused with `ticket_in_use`; the drafts that announce it come from
    `announce_device`.
    """
    room, actor = asked.room, asked.actor
    if room.state in (ENDED, REPLAY):
        raise Refusal("room_over")
    check_ticket(room, actor)
    if actor.role == "listener":
        raise Refusal("role_too_low")
    if not room.alive:
        assert room.plan is not None
        raise Refusal(
            "doors_closed", starts_at_ms=room.plan.starts_at_ms, doors_at_ms=room.plan.doors_at_ms
        )
    bound = room.stage.devices.get(actor.ticket)
    if bound is not None and bound != actor.device:
        raise Refusal("ticket_in_use")
    known = room.stage.people.get(actor.person)
    seated = known is not None and known.link != AWAY
    if not seated and len(room.stage.present()) >= asked.speakers_max:
        raise Refusal("stage_full", speakers_max=asked.speakers_max)
    drafts = (
        [] if bound else [Draft("ticket_bound", {"ticket": actor.ticket, "device": actor.device})]
    )
    if known is not None and seated and known.device == actor.device and known.kind == kind:
        return drafts if known.link == HERE else [*drafts, Draft("back", {"person": actor.person})]
    joined = {
        "person": actor.person,
        "name": actor.name or known_name(room, actor),
        "role": actor.role,
        "ticket": actor.ticket,
        "device": actor.device,
        "kind": kind,
    }
    return [*drafts, Draft("joined", joined)]


def announce_device(room: Room, actor: Actor) -> list[Draft]:
    """A second device stands at the door: said once to the first device and the hosts."""
    if room.stage.waiting.get(actor.device) == actor.person:
        return []
    return [
        Draft(
            "device_waiting",
            {"device": actor.device, "person": actor.person, "ticket": actor.ticket},
        )
    ]


def known_name(room: Room, actor: Actor) -> str:
    signed = room.stage.signed.get(actor.ticket)
    if signed and signed["name"]:
        return str(signed["name"])
    if actor.role == "host" and room.plan is not None and room.plan.host_name:
        return room.plan.host_name
    return {"host": "Host", "cohost": "Co-host"}.get(actor.role, "Guest")


def cut(room: Room, tickets: Collection[str], ends: bool) -> list[Draft]:
    """Those who look after the server take tickets back, whatever state the room is in: whoever holds one is off the stage.
    `ends`: its host is among them; then the room ends, unless a co-host is on the stage who goes on with it."""
    drafts = [draft for ticket in tickets for draft in _taken_back(room, ticket, ORDER)]
    goes_on = any(one.ticket not in tickets for one in room.stage.hosts_here())
    if ends and not goes_on and room.state in BEFORE_END:
        drafts.append(Draft("ended", {"by": ORDER, "reason": ORDER}))
    return drafts


def _open_doors(asked: Asked) -> list[Draft]:
    return [Draft("doors_opened", {"by": asked.actor.person})]


def _go_on_air(asked: Asked) -> list[Draft]:
    in_ms = asked.body.get("in_ms", 3000)
    if type(in_ms) is not int or not 0 <= in_ms <= COUNT_IN_MAX_MS:
        raise Refusal("bad_request", field="in_ms")
    if asked.room.air_clock:
        return []
    air_clock = asked.clock + in_ms * RATE_PER_MS
    return [Draft("air_scheduled", {"air_clock": air_clock, "by": asked.actor.person})]


def _hold(asked: Asked) -> list[Draft]:
    return [Draft("air_held", {"by": asked.actor.person})] if asked.room.air_clock else []


def _end(asked: Asked) -> list[Draft]:
    return [Draft("ended", {"by": asked.actor.person, "reason": "host"})]


def _late(asked: Asked) -> list[Draft]:
    return [
        Draft(
            "late", {"reason": _text(asked.body, "reason", 0, REASON_MAX), "by": asked.actor.person}
        )
    ]


def _brownout(asked: Asked) -> list[Draft]:
    step = asked.body.get("step")
    if type(step) is not int or not 0 <= step <= brownout.LAST:
        raise Refusal("bad_request", field="step")
    if step == asked.room.brownout:
        return []
    return [Draft("brownout_set", {"step": step, "by": asked.actor.person})]


def _invite(asked: Asked) -> list[Draft]:
    role = asked.body.get("role", "speaker")
    if role not in ("speaker", "cohost"):
        raise Refusal("bad_request", field="role")
    if role == "cohost" and asked.actor.role != "host":
        raise Refusal("role_too_low")
    name = _text(asked.body, "name", 0, NAME_MAX)
    return [
        Draft(
            "ticket_signed",
            {"ticket": asked.fresh, "role": role, "name": name, "by": asked.actor.person},
        )
    ]


def _revoke(asked: Asked) -> list[Draft]:
    ticket = asked.body.get("ticket")
    if not isinstance(ticket, str) or len(ticket) != 22:
        raise Refusal("bad_request", field="ticket")
    if ticket == asked.actor.ticket:
        raise Refusal("role_too_low")
    person = asked.room.stage.people.get(ticket[:8])
    if person is not None and person.role == "host" and asked.actor.role != "host":
        raise Refusal("role_too_low")
    return _taken_back(asked.room, ticket, asked.actor.person)


def _mute(asked: Asked) -> list[Draft]:
    person, muted = _person(asked), asked.body.get("muted")
    if type(muted) is not bool:
        raise Refusal("bad_request", field="muted")
    if person.person != asked.actor.person and (asked.actor.role not in HOSTS or not muted):
        raise Refusal("role_too_low")
    if person.muted == muted:
        return []
    body = {"person": person.person, "muted": muted, "by": _by(asked, person)}
    return [Draft("muted", body)]


def _treat(asked: Asked) -> list[Draft]:
    person = _person(asked)
    if person.person != asked.actor.person and asked.actor.role not in HOSTS:
        raise Refusal("role_too_low")
    wanted = {"hum": person.hum, "noise": person.noise}
    for name in wanted:
        choice = asked.body.get(name, wanted[name])
        if type(choice) is not bool:
            raise Refusal("bad_request", field=name)
        wanted[name] = choice
    if (wanted["hum"], wanted["noise"]) == (person.hum, person.noise):
        return []
    return [Draft("treated", {"person": person.person, **wanted, "by": _by(asked, person)})]


def _remove(asked: Asked) -> list[Draft]:
    person = _person(asked)
    if person.role == "host" and asked.actor.role != "host":
        raise Refusal("role_too_low")
    if person.person == asked.actor.person:
        raise Refusal("bad_request", field="person")
    return [_removed(person, asked.actor.person)]


def _admit(asked: Asked) -> list[Draft]:
    device, person_id = asked.body.get("device"), asked.body.get("person")
    if asked.room.stage.waiting.get(str(device)) != person_id:
        raise Refusal("person_unknown")
    person = asked.room.stage.people.get(str(person_id))
    if person is None:
        raise Refusal("person_unknown")
    own = person.person == asked.actor.person and asked.actor.device == person.device
    if not own and asked.actor.role not in HOSTS:
        raise Refusal("role_too_low")
    return [
        Draft("ticket_bound", {"ticket": person.ticket, "device": device, "by": asked.actor.person})
    ]


def _rename(asked: Asked) -> list[Draft]:
    name = _text(asked.body, "name", 1, NAME_MAX)
    return [Draft("renamed", {"person": asked.actor.person, "name": name})]


def _leave(asked: Asked) -> list[Draft]:
    person = asked.room.stage.people.get(asked.actor.person)
    return [Draft("left", {"person": person.person})] if person and person.link != AWAY else []


def _delete_room(asked: Asked) -> list[Draft]:
    assert asked.room.plan is not None
    if asked.body.get("key") != asked.room.plan.key:
        raise Refusal("bad_request", field="key")
    return []


def _person(asked: Asked) -> Person:
    person = asked.room.stage.people.get(str(asked.body.get("person")))
    if person is None or person.link == AWAY:
        raise Refusal("person_unknown")
    return person


def _taken_back(room: Room, ticket: str, by: str) -> list[Draft]:
    """A ticket opens nothing any more, and whoever is here with it is off the stage; nothing where that was so."""
    person = room.stage.people.get(ticket[:8])
    if person is not None and person.ticket == ticket and person.link != AWAY:
        return [_removed(person, by)]
    return [] if ticket in room.stage.revoked else [Draft("ticket_revoked", {"ticket": ticket})]


def _removed(person: Person, by: str) -> Draft:
    return Draft("removed", {"person": person.person, "ticket": person.ticket, "by": by})


def _by(asked: Asked, person: Person) -> str:
    """Who does it to him, as the journal says it."""
    return "self" if person.person == asked.actor.person else asked.actor.person


def _text(body: Body, field: str, shortest: int, longest: int) -> str:
    value = body.get(field, "")
    if not isinstance(value, str) or not shortest <= len(value.strip()) <= longest:
        raise Refusal("bad_request" if field != "name" else "name_malformed", field=field)
    return value.strip()


DECISIONS: Mapping[str, Callable[[Asked], list[Draft]]] = {
    "open_doors": _open_doors,
    "go_on_air": _go_on_air,
    "hold": _hold,
    "end": _end,
    "late": _late,
    "brownout": _brownout,
    "invite": _invite,
    "revoke": _revoke,
    "mute": _mute,
    "treat": _treat,
    "remove": _remove,
    "admit": _admit,
    "rename": _rename,
    "leave": _leave,
    "delete_room": _delete_room,
}
