"""The page `schemas/messages.md` says what the code does."""

from __future__ import annotations

import json
import re

from gateway.errors import CODES
from gateway.message import read_message_file
from gateway.message.pointers import MAX_POINTER
from gateway.message.strict import LIMITS
from gateway.resources import schemas_path

PAGE = (schemas_path() / "messages.md").read_text()


def test_the_example_on_the_first_screen_works() -> None:
    """The first message that a newcomer copies is a good one."""
    example = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    assert read_message_file(json.dumps(json.loads(example[1])).encode())[0] == "cooperation.request"


def test_limits_and_codes_on_the_page_are_those_of_the_code() -> None:
    """Numbers and codes are not copied wrongly."""
    assert f"{LIMITS.max_bytes:,} bytes" in PAGE
    assert f"at most {LIMITS.max_values:,} commas" in PAGE
    assert f"at most {LIMITS.max_depth} levels" in PAGE
    assert f"within {MAX_POINTER} characters" in PAGE
    assert set(re.findall(r"`((?:content|schema|kind)-[a-z]+)`", PAGE)) <= set(CODES)
