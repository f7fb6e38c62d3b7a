"""One JSON object as a line that a terminal may show."""

from __future__ import annotations

import json
import re
from typing import Any

_INVISIBLE = re.compile(
    "[\x7f-\xa0\xad\u0600-\u0605\u200b-\u200f\u2028-\u202f\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)


def json_line(value: Any) -> str:
    """Compact JSON in UTF-8's characters, ended by a newline.

    RFC 8259 asks for escapes only of the controls below a blank. Here those from DEL on, and the invisible
    characters that turn the direction of writing, are escaped as well: names come from packets.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not text.isprintable():
        text = _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text + "\n"
