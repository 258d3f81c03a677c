"""Clients that nobody here wrote read, write and repost; their own types say whether an answer is what they expect."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests import media_files as files
from tests.web.mastodon import typed
from tests.web.mastodon.conftest import Served
from tests.web.mastodon.test_clients import (
    MASTO,
    ROOT,
    asked,
    becomes_owner,
    masto,
    mastodon_py,
    toot,
    toot_logs_in,
)
from tests.web.mastodon.typed import faults

TSC = ROOT / "tests" / "e2e" / "node_modules" / ".bin" / "tsc"
TYPED = {
    "status": "mastodon.v1.Status",
    "wrapper": "mastodon.v1.Status",
    "me": "mastodon.v1.Account",
    "first": "mastodon.v1.Instance",
    "second": "mastodon.v2.Instance",
    "relationship": "mastodon.v1.Relationship",
    "context": "mastodon.v1.Context",
    "found": "mastodon.v2.Search",
}
NO_SOUND = typed.ABSENT | {
    f"Status.media_attachments[0].{name}"
    for name in ("blurhash", "meta.small", "meta.original.bitrate")
}
"""What is declared of every attachment, and a sound cannot have, or need not."""
ABSENT = (
    *("vapid", "vapidKey"),  # not here yet
    *("showMedia", "showMediaReplies", "showFeatured", "featureApproval", "collectionLimit"),
    *("maxAvatarDescriptionLength", "maxHeaderDescriptionLength", "collections"),
    *("taggedCollections",),  # of Mastodon 4.6
    *("apiVersions", "languages", "blurhash"),  # numbers, and null, as Mastodon has them
    *(
        "versions",
        "application",
    ),  # whose names masto itself changes; which Mastodon leaves out where nobody is to know
)


def test_mastodon_py_posts_reads_and_reposts(served: Served) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    post = ada.status_post(
        "Hello @bob #square", spoiler_text="hi", language="en", idempotency_key="k"
    )
    assert ada.status_post("Hello @bob #square", idempotency_key="k").id == post.id
    reply = bob.status_reply(post, "Yes", untag=False)
    assert bob.status_context(post.id).descendants[0].id == reply.id
    wrapper = bob.status_reblog(post.id)
    assert wrapper.reblog.id == post.id and wrapper.reblog.created_at == post.created_at
    assert wrapper.created_at >= wrapper.reblog.created_at
    assert bob.status_favourite(post.id).favourited and bob.status_bookmark(post.id).bookmarked
    assert bob.favourites()[0].id == bob.bookmarks()[0].id == post.id
    assert ada.status_reblogged_by(post.id)[0].acct == ada.status_favourited_by(post.id)[0].acct
    assert ada.status_pin(post.id).pinned
    assert ada.account_statuses(ada.me().id, pinned=True)[0].id == post.id
    edited = ada.status_update(post.id, "Hello all", spoiler_text="")
    assert edited.edited_at and len(ada.status_history(post.id)) == 2
    assert ada.status_source(post.id).text == "Hello all"
    assert ada.account_follow(bob.me().id).following
    assert [one.id for one in ada.timeline_home()] == [wrapper.id, reply.id, post.id]
    assert ada.account_relationships(bob.me().id)[0].following
    assert [one.id for one in ada.timeline_local()] == [post.id]
    assert ada.search("@bob").accounts[0].acct == "bob"
    assert bob.status_unreblog(post.id).id == post.id
    assert not bob.status_unfavourite(post.id).favourited
    bob.markers_set("home", post.id)
    assert str(bob.markers_get("home")["home"].last_read_id) == str(post.id)
    ada.status_delete(post.id)
    assert bob.status_context(reply.id).ancestors == []


def test_mastodon_py_walks_pages_both_ways(served: Served) -> None:
    ada = mastodon_py(served)
    posts = [ada.status_post(f"Number {n}").id for n in range(5)][::-1]
    first = ada.timeline_local(limit=2)
    assert [one.id for one in ada.fetch_remaining(first)] == posts
    second = ada.fetch_next(first)
    assert [one.id for one in second] == posts[2:4]
    assert [one.id for one in ada.fetch_previous(second)] == posts[:2]


def test_posts_are_what_mastodon_py_declares(served: Served) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    post = ada.status_post("Hello @bob #square https://a.example", language="en")
    bob.status_reblog(post.id)
    ada.status_update(post.id, "Hello @bob #square")
    ada.account_follow(bob.me().id)
    token, id = ada.access_token, post.id
    found: list[str] = []
    for kind, path in (
        ("Status", "timelines/home"),
        ("Status", "timelines/public"),
        ("Status", f"accounts/{bob.me().id}/statuses"),
        ("StatusEdit", f"statuses/{id}/history"),
        ("Account", f"statuses/{id}/reblogged_by"),
        ("Relationship", f"accounts/relationships?id[]={bob.me().id}"),
    ):
        tree = asked(served, f"/api/v1/{path}", token)
        assert tree, path
        found += [fault for one in tree for fault in faults(kind, one)]
    found += faults("Context", asked(served, f"/api/v1/statuses/{id}/context", token))
    found += faults("StatusSource", asked(served, f"/api/v1/statuses/{id}/source", token))
    found += faults("SearchV2", asked(served, "/api/v2/search?q=bob", token))
    assert found == [], "\n".join(found)


def test_mastodon_py_sends_pictures_and_sounds(at_work: Served) -> None:
    ada = mastodon_py(at_work)
    picture = ada.media_post(
        files.located(), "image/jpeg", description="A bridge", focus=(0.5, -0.25), synchronous=True
    )
    sound = ada.media_post(files.sound(), "audio/mpeg", synchronous=True)
    assert picture.url and sound.url and picture.meta.focus.y == -0.25
    changed = ada.media_update(picture.id, description="The old bridge")
    assert changed.description == "The old bridge"
    post = ada.status_post("Look", media_ids=[picture])
    assert post.media_attachments[0].description == "The old bridge"
    heard = ada.status_post("Listen", media_ids=[sound.id])
    assert heard.media_attachments[0].type == "audio"
    told = [ada.generate_media_edit_attributes(picture.id, description="A bridge, 1903")]
    edited = ada.status_update(post.id, "Look", media_attributes=told)
    assert edited.media_attachments[0].description == "A bridge, 1903"
    assert [one.id for one in ada.timeline_local(only_media=True)] == [heard.id, post.id]
    found: list[str] = []
    for id in (post.id, heard.id):
        tree = asked(at_work, f"/api/v1/statuses/{id}", ada.access_token)
        found += faults("Status", tree, NO_SOUND)
    assert found == [], "\n".join(found)


def test_toot_sends_a_picture(at_work: Served) -> None:
    toot_logs_in(at_work)
    path = at_work.home / "bridge.png"
    path.write_bytes(files.picture("PNG"))
    words = ("post", "Look", "--media", str(path), "--description", "A bridge", "--json")
    said = toot(at_work, *words)
    made = json.loads(said[said.index("{") :])  # it says that it waits
    assert made["media_attachments"][0]["description"] == "A bridge"
    assert made["media_attachments"][0]["url"].endswith(".jpg")


def test_toot_posts_reads_and_reposts(served: Served) -> None:
    toot_logs_in(served)
    bob = mastodon_py(served, "bob")
    post = bob.status_post("Said by bob")
    made = json.loads(toot(served, "post", "Said with toot", "--json"))
    assert made["content"] == "<p>Said with toot</p>"
    wrapper = json.loads(toot(served, "reblog", str(post.id), "--json"))
    assert wrapper["reblog"]["id"] == str(post.id)
    for act in ("favourite", "bookmark", "unreblog", "unfavourite"):
        toot(served, act, str(post.id))
    toot(served, "follow", "bob")
    assert "Said by bob" in toot(served, "timelines", "home")
    assert "Said with toot" in toot(served, "timelines", "public", "--local")
    assert "Said by bob" in toot(served, "timelines", "account", "bob")
    assert "Said by bob" in toot(served, "bookmarks")
    assert "Said by bob" in toot(served, "status", str(post.id))
    assert "bob" in toot(served, "following", "ada")
    toot(served, "delete", made["id"])
    assert "Said with toot" not in toot(served, "timelines", "public", "--local")


MASTO_POSTS = """
import { createRestAPIClient } from "masto";
const [url, ada, bob] = process.argv.slice(1);
const rest = createRestAPIClient({ url, accessToken: ada }), other = createRestAPIClient({ url, accessToken: bob });
const status = await rest.v1.statuses.create({ status: "Hello @bob #square", language: "en" },
  { headers: { "Idempotency-Key": "k" } });
const wrapper = await other.v1.statuses.$select(status.id).reblog();
await other.v1.statuses.create({ status: "Yes", inReplyToId: status.id });
const me = await rest.v1.accounts.verifyCredentials(), him = await other.v1.accounts.verifyCredentials();
const relationship = await rest.v1.accounts.$select(him.id).follow();
const [relationships, context, found, first, second] = await Promise.all([
  rest.v1.accounts.relationships.fetch({ id: [him.id, me.id] }), rest.v1.statuses.$select(status.id).context.fetch(),
  rest.v2.search.list({ q: "@bob" }), rest.v1.instance.fetch(), rest.v2.instance.fetch()]);
const walked = [];
for await (const page of rest.v1.timelines.home.list({ limit: 1 })) walked.push(...page.map((one) => one.id));
await rest.v1.markers.create({ home: { lastReadId: walked[0] } });
const markers = await rest.v1.markers.fetch({ timeline: ["home"] });
const gone = await rest.v1.statuses.$select(status.id).remove();
const tried = await rest.v1.statuses.$select(status.id).fetch().catch((error) => error.statusCode);
console.log(JSON.stringify(
  { status, wrapper, me, relationship, relationships, context, found, first, second, walked, markers, gone, tried }));
"""


def test_masto_posts_reads_and_reposts_and_its_types_agree(served: Served, tmp_path: Path) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    becomes_owner(served)
    told = masto(served, MASTO_POSTS, str(ada.access_token), str(bob.access_token))
    assert told["wrapper"]["reblog"]["id"] == told["status"]["id"]
    assert told["wrapper"]["reblog"]["createdAt"] == told["status"]["createdAt"]
    assert [one["following"] for one in told["relationships"]] == [True, False]
    assert told["walked"] == sorted(told["walked"], reverse=True) and len(told["walked"]) == 3
    assert told["markers"]["home"]["lastReadId"] == told["walked"][0]
    assert told["gone"]["text"] == "Hello @bob #square" and told["tried"] == 404
    assert (said := typescript_says(told, tmp_path)) == "", said


def typescript_says(told: dict[str, Any], folder: Path, kinds: Mapping[str, str] = TYPED) -> str:
    """Each answer as a constant of masto's own type; what the compiler has against it."""
    lines = [
        'import type { mastodon } from "masto";',
        "type Read<T> = T extends object ? { readonly [K in keyof T]: Read<T[K]> } : T;",
    ]
    for name, kind in kinds.items():
        value = json.dumps(_theirs(told[name]), indent=1)
        # by way of a name of its own, since a literal may hold nothing more than its type, and an answer may
        lines += [
            f"const said_{name} = {value} as const;",
            f"export const {name}: Read<Without<{kind}>> = said_{name};",
        ]
    absent = " | ".join(f'"{name}"' for name in ABSENT)
    lines.append(
        "type Without<T> = T extends (infer U)[] ? Without<U>[] : T extends object ?"
        f" {{ [K in keyof T as K extends {absent} ? never : K]: Without<T[K]> }} : T;"
    )
    (folder / "answers.ts").write_text("\n".join(lines))
    options = {
        "strict": True,
        "noEmit": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "skipLibCheck": True,
        "types": [],
        "paths": {"masto": [str(MASTO / "dist" / "index.d.ts")]},
    }
    (folder / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": options, "files": ["answers.ts"]})
    )
    done = subprocess.run(
        [TSC, "-p", folder], capture_output=True, text=True, check=False, timeout=120
    )
    return done.stdout + done.stderr


def _theirs(tree: Any) -> Any:
    """Without what is ours alone."""
    if isinstance(tree, dict):
        return {name: _theirs(one) for name, one in tree.items() if name != "hustings"}
    return [_theirs(one) for one in tree] if isinstance(tree, list) else tree
