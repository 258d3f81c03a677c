"""Which addresses a page calls its author's own, and that no page takes long to read."""

from __future__ import annotations

import time

import pytest

from hustings.work import rel_me

ADA = "https://h.example/@ada"


@pytest.mark.parametrize(
    "page",
    [
        f'<a rel="me" href="{ADA}">me</a>',
        f'<link href="{ADA}" rel=me>',
        f"<A HREF='{ADA}' REL='nofollow Me'>x</A>",
        f'<p><a class="x" rel="noopener\n me" target=_blank href={ADA}>x</a>',
        '<a rel="me" href="https://H.example/@Ada/">x</a>',
        '<a rel="me" href=" https://h.example/@ada#top ">x</a>',
        '<a rel="me" href="https://h.example/&#64;ada">x</a>',
        f'<!-- a comment --><script>"<a"</script><a rel="me" href="{ADA}">x</a>',
        f'<a/rel="me"/href="{ADA}"/>',
        f'<a rel="me" href="https://other.example"></a><a rel="me" href="{ADA}"></a>',
    ],
)
def test_a_page_that_says_so(page: str) -> None:
    assert rel_me.names(page, frozenset((ADA,)))


@pytest.mark.parametrize(
    "page",
    [
        "",
        ADA,
        f'<a href="{ADA}">x</a>',
        f'<a rel="met" href="{ADA}">x</a>',
        f'<a rel="me" href="{ADA}2">x</a>',
        f'<a rel="me" href="{ADA}/../@eve">x</a>',
        f'<a rel="me" href="https://evil.example/?{ADA}">x</a>',
        '<a rel="me" href="https://h.example@evil.example/@ada">x</a>',
        f'<!-- <a rel="me" href="{ADA}"> -->',
        f'<!-- <a rel="me" href="{ADA}">',
        f'<script>\'<a rel="me" href="{ADA}">\'</script>',
        f'<textarea><a rel="me" href="{ADA}"></textarea>',
        f'<TITLE><a rel="me" href="{ADA}"></title>',
        f'<template><a rel="me" href="{ADA}"></template>',
        f'<style><a rel="me" href="{ADA}">',
        f'<area rel="me" href="{ADA}">',
        f'<form rel="me" href="{ADA}">',
        f'<a title=\'<a rel="me" href="{ADA}">\'>x</a>',
        f'<a href="https://x.example" href="{ADA}" rel="me">first counts</a>',
        f'<broken <a <<a rel="me" href="{ADA}">',
        f'&lt;a rel="me" href="{ADA}"&gt;',
    ],
)
def test_a_page_that_does_not(page: str) -> None:
    assert not rel_me.names(page, frozenset((ADA,)))


@pytest.mark.parametrize(
    "piece",
    ["<", "<a", "<a ", "<!--", "<!-- -->", '<a x="', "<a x='", "<a x=", "<a rel=me href=", "<script", "<script>",
     "<script></scrip", "<a =", "<a /", "&#", "<a rel=me href='&#9999999999'>", '"', "'", "<a '\"", " ", "a=b ", "<template>"],
)  # fmt: skip
def test_a_megabyte_of_anything_is_read_quickly(piece: str) -> None:
    for page in (piece * (1_000_000 // len(piece)), "<a " + piece * (1_000_000 // len(piece))):
        began = time.process_time()
        rel_me.names(page, frozenset((ADA,)))
        assert time.process_time() - began < 3.0


def test_as_many_links_as_are_read_and_one_more() -> None:
    other = '<a rel="me" href="https://x.example">'
    mine = f'<a rel="me" href="{ADA}">'
    assert rel_me.names(other * (rel_me.FOUND_MAX - 1) + mine, frozenset((ADA,)))
    assert not rel_me.names(other * rel_me.FOUND_MAX + mine, frozenset((ADA,)))


def test_a_link_of_the_longest_and_a_longer_one() -> None:
    longest = "x" * rel_me.LINK_MAX
    assert list(rel_me.links(f'<a rel="me" href="{longest}">')) == [longest]
    assert list(rel_me.links(f'<a rel="me" href="{longest}x">')) == []
