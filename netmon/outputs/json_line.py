"""JSON objects, safe to show on a terminal."""

from __future__ import annotations

import re
from typing import Any

_INVISIBLE = (
    "[\x7f-\xa0\xad\u0600-\u0605\u061c\u180e\u200b-\u200f"
    "\u2028-\u202f\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)


_UNSEEN = f"[\0-\x1f]|{_INVISIBLE}|[\U000e0000-\U000e0fff]"


def visible(value: Any) -> Any:
    """A JSON value with control and invisible characters of its texts and keys written as escapes.

    Events that are taken over from elsewhere may have any text, which is later shown on terminals and pages.
    """
    if isinstance(value, str):
        return value if value.isprintable() else re.sub(_UNSEEN, _written, value)
    if isinstance(value, dict):
        return {visible(key): visible(one) for key, one in value.items()}
    return [visible(one) for one in value] if isinstance(value, list) else value


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"


def json_line(value: Any) -> str:
    """Compact JSON with non-ASCII characters unescaped, ended by a newline.

    RFC 8259 requires escapes only for control characters below U+0020. Here DEL and the C1 controls are
    escaped as well, and invisible characters such as those that change the writing direction, because names
    come from packets.
    """
    import json  # noqa: PLC0415  # lines of flows are the engine's

    return escaped(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) + "\n"


def escaped(text: str) -> str:
    """Compact JSON with unprintable characters escaped."""
    if text.isascii():  # known at once, while `isprintable` looks at each character
        return text.replace("\x7f", "\\u007f")
    return text if text.isprintable() else _escape(text)


def json_document(value: Any) -> str:
    """The same with a line for each value, for a file that people read and compare."""
    import json  # noqa: PLC0415

    return _escape(json.dumps(value, ensure_ascii=False, indent=1)) + "\n"


def _escape(text: str) -> str:
    return re.sub(_INVISIBLE, lambda found: f"\\u{ord(found[0]):04x}", text)


def without_nulls(value: Any) -> Any:
    """A JSON value without the keys whose value is None, at any depth."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
