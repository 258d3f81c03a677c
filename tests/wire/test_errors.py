"""The table of errors: statuses and sentences that a person can read."""

from __future__ import annotations

import json
import re

import pytest

from hustings.wire.errors import CODES, Refused


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code(code):
    refused = Refused(code, extra=3)
    status, sentence = CODES[code]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert 200 <= status < 600
    assert sentence[0].isupper() and sentence[-1] in ".)"
    assert json.loads(refused.body()) == {"code": code, "message": sentence, "extra": 3}
    assert refused.status == status
