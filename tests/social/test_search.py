"""Search: one corpus, asked the same on both databases; what may not be seen is not found; what is typed is words only."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from hustings.social import accounts, media, posts, search
from hustings.social.media import Made, Said
from hustings.social.search import (
    LOOKED_AT_FIRST,
    LOOKED_AT_MAX,
    QUERY_MAX,
    TERMS_MAX,
    Window,
    parse,
)
from hustings.store import migrate, words
from hustings.store.words import Term
from hustings.wire.errors import Refused
from tests.social.square import Square, ids

CORPUS = {
    "bridge": "The bridge in Kyōto, at dawn. https://a.example/bridges",
    "fox": "The quick brown fox #Animals",
    "quick": "Quick is not brown",
    "cafe": "Ein Café in der Straße",
    "han": "京都の橋を渡る",
    "code": "It's C++ & SQL: DROP TABLE posts; -- 'quoted' \"twice\"",
    "numbers": "On 2024-08-12 at 17:00, 3.14 and 1e5",
    "greek": "Ἀθήνα is ΑΘΗΝΑ",
    "under": "snake_case is kept apart",
    "dot": "ハリー・ポッター",
}
ASKED = {
    "bridge": {"bridge"},
    "BRIDGE dawn": {"bridge"},
    "kyoto": {"bridge"},
    "Kyōto": {"bridge"},
    "quick brown": {"fox", "quick"},
    '"quick brown"': {"fox"},
    "quick -fox": {"quick"},
    'quick -"not brown"': {"fox"},
    "bridg": set(),
    "bridg*": {"bridge"},
    "cafe strasse": {"cafe"},
    "京都": {"han"},
    "橋": {"han"},
    "都京": set(),
    "has:link": {"bridge"},
    "has:tag": {"fox"},
    "animals": {"fox"},
    "#animals": {"fox"},
    "-fox": set(),
    "has:wings": set(),
    "drop table": {"code"},
    "'quoted'": {"code"},
    "it's": {"code"},
    "2024-08-12": {"numbers"},
    "3.14": {"numbers"},
    "1e5": {"numbers"},
    "αθηνα": {"greek"},
    "ハリー・ポッター": {"dot"},
    "ハリー ポッター": {"dot"},
    "・": set(),
    "・ fox": {"fox"},
    "snake_case": {"under"},
    "case": {"under"},
    "before:2020-01-01 the": set(),
    "before:2030-01-01 fox": {"fox"},
    "after:2020-01-01 fox": {"fox"},
    "after:2030-01-01 fox": set(),
    "after:2027-13-45 fox": set(),
    "": set(),
    "...": set(),
}
HOSTILE = (
    '"', '""', "'", "\\", "a\\", "' OR 1=1 --", 'fox" OR "', "NEAR(fox brown)", "words:fox", "fox AND", "AND", "OR OR", "NOT fox",
    "fox NOT", "^fox", "fox*quick", "*", "**", "(", ")", "(((((", "fox)", "a:*", "&", "|", "!", "<->", "fox & !", ":*",
    "'fox':*A", "{words}: fox", "- fox", "--", "-", "fox -", "_by1", "_link", "from:", "has:", "before:", "from:' OR 1=1",
    "has:_by1", "%", "_", ".*", "(a+)+$", "[a-z]{1,99}", "\u202efox", "f\u0301\u0301\u0301ox", "\u0000fox",
)  # fmt: skip


def find(square: Square, reader: int | None, asked: str, **more: int) -> list[int]:
    def who(handle: str) -> int | None:
        found = square.read(accounts.find, handle)
        return None if found is None else found.id

    question = parse(asked, reader, who)
    return ids(square.read(search.find_posts, reader, question, Window(**more), square.now_ms))


def test_the_corpus_answers_the_same_everywhere(square: Square) -> None:
    (ada,) = square.people("ada")
    names = {square.say(ada, said): name for name, said in CORPUS.items()}
    found = {asked: {names[id] for id in find(square, None, asked)} for asked in ASKED}
    assert found == ASKED


def test_every_word_of_every_sign_can_be_asked_for() -> None:
    """Of all that Unicode has room for: a dot or an unassigned sign among letters that stand alone was none."""
    for begin in range(0, sys.maxunicode + 1, 256):
        signs = [chr(code) for code in range(begin, begin + 256) if not 0xD800 <= code < 0xE000]
        for text in (" ".join(signs), "a".join(signs)):
            for word in words.split(text):
                assert Term((word,)).words == (word,)


def test_nothing_typed_is_a_question_of_the_database(square: Square) -> None:
    (ada,) = square.people("ada")
    post = square.say(ada, "A fox")
    for asked in HOSTILE:
        assert set(find(square, ada, asked)) <= {post}, asked
    assert find(square, ada, "_by1 fox") == [], "a mark that is typed is words"


def test_only_what_may_be_seen_and_is_wanted(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(bob, ada)
    seen = {
        name: square.say(ada, "A fox for @eve", visibility=name)
        for name in ("public", "unlisted", "private", "direct")
    }
    everything = set(seen.values())
    assert set(find(square, None, "fox")) == {seen["public"], seen["unlisted"]}
    assert set(find(square, bob, "fox")) == everything - {seen["direct"]}
    assert set(find(square, eve, "fox")) == set(find(square, ada, "from:me fox")) == everything
    square.mute(eve, ada)
    assert find(square, eve, "fox") == []
    square.block(ada, bob)
    assert find(square, bob, "fox from:ada") == []
    square.suspend(ada)
    assert find(square, None, "fox") == []


def test_the_index_follows_edits_and_deletions(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = square.say(ada, "A fox")
    square.repost(bob, post)
    assert find(square, None, "fox") == [post]
    square.edit(ada, post, "A badger", spoiler_text="Teeth")
    assert find(square, None, "fox") == []
    assert find(square, None, "badger teeth has:warning") == [post]
    square.delete(ada, post)
    assert find(square, None, "badger") == []


def test_what_has_pictures_or_a_sound(square: Square) -> None:
    (ada,) = square.people("ada")
    picture, sound = made(square, ada, media.IMAGE), made(square, ada, media.AUDIO)
    seen = square.say(ada, "A fox", media_ids=[str(picture)])
    heard = square.say(ada, "", media_ids=[str(sound)])
    said = square.say(ada, "A fox, without")
    assert find(square, None, "has:media") == [heard, seen]
    assert find(square, None, "has:image") == find(square, None, "fox has:media") == [seen]
    assert find(square, None, "has:AUDIO") == [heard]
    assert find(square, None, "fox -has:media") == [said]
    asked = square.say(ada, "Which fox?", poll={"options": ["red", "grey"], "expires_in": 3_600})
    assert find(square, None, "has:poll") == [asked]
    square.edit(ada, seen, "A fox", media_ids=[])
    square.edit(ada, said, "A fox, with", media_ids=[str(made(square, ada, media.IMAGE))])
    assert find(square, None, "fox has:media") == [said]


def test_what_was_written_before_one_could_ask_for_pictures(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ada,) = square.people("ada")
    with monkeypatch.context() as before:
        before.setattr(posts.media, "of_post", lambda *_: ())
        seen = square.say(ada, "A quick fox", media_ids=[str(made(square, ada, media.IMAGE))])
        square.say(ada, "A fox, without")
    assert find(square, None, "has:media") == []
    square.write(marks_of_media)
    assert find(square, None, "has:media") == find(square, None, "has:image") == [seen]
    assert find(square, None, '"quick fox" has:media') == [seen]
    assert find(square, None, "has:audio") == []


def marks_of_media(connection: sa.Connection) -> None:
    """The migration that gives older posts their marks."""
    folder = Path(migrate.__file__).with_name("migrations") / "versions"
    (path,) = folder.glob("*_media_words.py")
    script = runpy.run_path(str(path))
    with Operations.context(MigrationContext.configure(connection)):
        script["upgrade"]()


def made(square: Square, account: int, kind: str) -> int:
    id = square.id()
    square.write(media.begin, id, account, kind, Said(), square.now_ms)
    square.write(media.finish, id, Made(f"{id}.jpg", f"{id}-small.jpg"))
    return id


def test_authors_and_pages(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    hers = [square.say(ada, f"A fox {n}") for n in range(3)][::-1]
    his = square.say(bob, "A fox too", in_reply_to_id=str(hers[0]))
    assert find(square, ada, "fox from:bob") == find(square, bob, "from:me") == [his]
    assert find(square, ada, "fox -from:bob") == find(square, None, "fox -has:reply") == hers
    assert find(square, None, "from:me fox") == find(square, None, "from:nobody fox") == []
    assert find(square, ada, "fox", author=bob) == [his]
    assert find(square, ada, "fox", limit=2, offset=1) == hers[:2]
    assert find(square, ada, "fox", max_id=hers[0]) == hers[1:]
    assert find(square, ada, "fox", min_id=hers[1]) == [his, hers[0]]


def test_limits(square: Square) -> None:
    assert len(parse("a " * TERMS_MAX, None, lambda _: None).wanted) == TERMS_MAX
    assert parse("a" * QUERY_MAX, None, lambda _: None).wanted
    for asked in ("a " * (TERMS_MAX + 1), "a" * (QUERY_MAX + 1), "from:a " * 1_500):
        with pytest.raises(Refused, match="query_too_long"):
            parse(asked, None, lambda _: None)
    with pytest.raises(ValueError, match="a term is words"):
        Term(('a" OR "b',))
    with pytest.raises(ValueError, match="a term is words"):
        Term(())
    long = words.split("x" * (words.WORD_MAX + 1) + " y")
    assert [len(word) for word in long] == [words.WORD_MAX, 1]

    def many(count: int) -> int:
        square.write(
            lambda c: [words.put(c, words.POSTS, n, ["common"]) for n in range(1, count + 1)]
        )
        ask = words.newest
        return len(square.read(ask, words.POSTS, [Term(("common",))], (), LOOKED_AT_MAX))

    assert many(LOOKED_AT_MAX) == many(LOOKED_AT_MAX + 1) == LOOKED_AT_MAX


@pytest.mark.parametrize("before", [LOOKED_AT_FIRST - 1, LOOKED_AT_FIRST])
def test_what_lies_behind_many_that_one_may_not_see_is_found(square: Square, before: int) -> None:
    ada, bob = square.people("ada", "bob")
    mine = square.say(ada, "a common word")
    for number in range(before):
        square.say(bob, f"common {number}", visibility="private")
    for reader in (ada, None):
        found = square.read(search.find_posts, reader, asked("common"), Window(), square.now_ms)
        assert ids(found) == [mine]
    page = Window(limit=2, offset=before - 1)
    hers = square.read(search.find_posts, bob, asked("common"), page, square.now_ms)
    assert ids(hers)[-1] == mine and len(hers) == 2


@pytest.mark.parametrize("for_one", [1, 2, 500])
def test_however_far_is_walked_the_same_is_found(
    square: Square, monkeypatch: pytest.MonkeyPatch, for_one: int
) -> None:
    """Words in every post, in every other, in one of seven, and at the very beginning; in order, and within borders."""
    monkeypatch.setattr(words, "WALKED_FOR_ONE", for_one)
    every = {
        n: ["all", *["even"] * (n % 2 == 0), *["seven"] * (n % 7 == 0), *["first"] * (n < 3)]
        for n in range(1, 61)
    }
    square.write(lambda c: [words.put(c, words.POSTS, n, said) for n, said in every.items()])
    for wanted, unwanted in (
        (["all"], []),
        (["even"], []),
        (["seven"], ["even"]),
        (["even", "seven"], []),
        (["first"], ["seven"]),
        (["all"], ["all"]),
        (["nowhere"], []),
    ):
        have = [
            n for n, said in every.items() if {*wanted} <= {*said} and not {*unwanted} & {*said}
        ]
        terms = [[Term((word,)) for word in some] for some in (wanted, unwanted)]
        for most in (1, 3, 100):
            for above, below in ((None, None), (7, None), (None, 50), (7, 50), (50, 7)):
                within = [n for n in have if (above or 0) < n < (below or 100)]
                found = square.read(words.newest, words.POSTS, *terms, most, above, below)
                assert found == within[::-1][:most]


def asked(words: str) -> search.Question:
    return parse(words, None, lambda _: None)


def test_people_by_how_their_names_begin(square: Square) -> None:
    ada, adam, eve = square.people("ada_l", "adam", "eve")
    square.write(accounts.describe, eve, "Éva Adamsky", "")
    square.follow(eve, adam)

    def people(asked: str, **more: bool) -> list[int]:
        found = square.read(search.find_people, eve, asked, Window(), **more)
        return [one.id for one in found]

    assert people("ada") == [adam, ada, eve], "who is followed most comes first"
    assert people("ADA_") == [adam, ada, eve] and people("eva adam") == [eve]
    assert people("ada", followed_only=True) == [adam]
    square.suspend(adam)
    assert people("adam") == [eve]
    for asked in HOSTILE:
        people(asked)


def test_tags_and_rooms(square: Square) -> None:
    (ada,) = square.people("ada")
    square.say(ada, "#Kyoto #Kyotobridges")
    square.say(ada, "#kyoto #secrets", visibility="private")
    square.room("kyoto-hour", title="An hour in Kyōto")
    square.room("hidden", title="Kyoto unlisted", listed=False)
    assert square.read(search.find_tags, None, "#kyo", Window()) == ["kyoto", "kyotobridges"]
    assert square.read(search.find_tags, None, "secrets", Window()) == []
    found = square.read(search.find_rooms, "kyoto hour", Window())
    assert [room.key for room in found] == ["kyoto-hour"]
    for asked in HOSTILE:
        square.read(search.find_tags, None, asked.replace("\u0000", ""), Window())
        square.read(search.find_rooms, asked, Window())
