"""Redundant audio (RFC 2198): one packet with the newest Opus frame and earlier ones before it, for losses.

A block's `age` is how far before the packet's own timestamp it begins, in 48 kHz samples. The newest block is last, with
age 0. A block of no bytes is allowed: the format names no least length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

PAYLOAD_MAX = 1_500
BLOCKS_MAX = 10  # the newest and nine before it; browsers send two or three
AGE_MAX = (1 << 14) - 1  # 14 bits, RFC 2198 §3: 341 ms
LENGTH_MAX = (1 << 10) - 1  # 10 bits; the newest block has no length of its own
TYPE_MAX = 127
MORE = 0x80


class Block(NamedTuple):
    payload_type: int
    age: int
    payload: bytes


def parse(payload: bytes) -> tuple[Block, ...]:
    """The blocks of an RTP payload, oldest first as they stand, the newest last. Errors: `ValueError`."""
    if len(payload) > PAYLOAD_MAX:
        raise ValueError(f"a RED payload of {len(payload)} bytes")
    heads: list[tuple[int, int, int]] = []
    at = 0
    while at < len(payload) and payload[at] & MORE:
        word = int.from_bytes(payload[at : at + 4], "big")
        heads.append((payload[at] & TYPE_MAX, word >> 10 & AGE_MAX, word & LENGTH_MAX))
        at += 4
        if len(heads) >= BLOCKS_MAX:
            raise ValueError("a RED payload of too many blocks")
    newest, start = at, at + 1
    if start + sum(length for _, _, length in heads) > len(payload):
        raise ValueError("a RED payload that is cut off")
    blocks: list[Block] = []
    for payload_type, age, length in heads:
        blocks.append(Block(payload_type, age, payload[start : start + length]))
        start += length
    return (*blocks, Block(payload[newest], 0, payload[start:]))


def newest(payload: bytes) -> Block:
    """The newest block alone, for when nothing is missing. Errors: `ValueError`, for what `parse` refuses too."""
    at = older = blocks = 0
    while at < len(payload) and payload[at] & MORE:
        older += int.from_bytes(payload[at + 2 : at + 4], "big") & LENGTH_MAX
        at += 4
        blocks += 1
    start = at + 1 + older
    if len(payload) > PAYLOAD_MAX or blocks >= BLOCKS_MAX or start > len(payload):
        raise ValueError("a RED payload that is none")
    return Block(payload[at], 0, payload[start:])


def build(blocks: Sequence[Block]) -> bytes:
    """An RTP payload; the last block is the newest, its age 0. Errors: `ValueError` for what the format cannot say."""
    if not 0 < len(blocks) <= BLOCKS_MAX:
        raise ValueError(f"a RED payload of {len(blocks)} blocks")
    *older, newest = blocks
    if newest.age or any(not 0 <= block.payload_type <= TYPE_MAX for block in blocks):
        raise ValueError("a RED block whose age or type is none")
    head = bytearray()
    for block in older:
        if not 0 <= block.age <= AGE_MAX or len(block.payload) > LENGTH_MAX:
            raise ValueError("a RED block that is too old or too long")
        word = (MORE | block.payload_type) << 24 | block.age << 10 | len(block.payload)
        head += word.to_bytes(4, "big")
    head.append(newest.payload_type)
    payload = bytes(head) + b"".join(block.payload for block in blocks)
    if len(payload) > PAYLOAD_MAX:
        raise ValueError(f"a RED payload of {len(payload)} bytes")
    return payload
