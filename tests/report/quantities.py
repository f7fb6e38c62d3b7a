"""The numbers of a page, and the forms in which it may write a value: as a count, bytes, a share, a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from netmon.language.language import ENGLISH, NARROW

QUANTITY = re.compile(rf"\d[\d.,:]*(?:{NARROW}(?:%|[a-zA-Z]+))?")
MOMENT = re.compile(r"\d{4}(-\d\d){0,2}")
VOID = {"meta", "br"}
BYTES = {"size", "bytes_by_share", "axis_bytes"}
SECONDS = {"seconds", "gap_s", "span_s"}


@dataclass
class Element:
    """An element of a page."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    parts: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it, with a space between elements."""
        return " ".join(part if isinstance(part, str) else part.text for part in self.parts)

    def all(self, tag: str, name: str | None = None) -> Iterator[Element]:
        """The elements in it with this tag, and this class."""
        for part in self.parts:
            if isinstance(part, str):
                continue
            if part.tag == tag and name in (None, *(part.attributes.get("class") or "").split()):
                yield part
            yield from part.all(tag, name)


class Tree(HTMLParser):
    """The elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.root = Element("page")
        self._open = [self.root]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        made = Element(tag, dict(attrs))
        self._open[-1].parts.append(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without contents."""
        self._open[-1].parts.append(Element(tag, dict(attrs)))

    def handle_endtag(self, _tag: str) -> None:
        """The element that began last ends."""
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Text."""
        self._open[-1].parts.append(data)


def quantities(text: str) -> set[str]:
    """The numbers in a text with their units, without the mark behind them."""
    return {found.rstrip(".,:") for found in QUANTITY.findall(text)}


def forms(key: str, value: object) -> Iterator[str]:
    """How the page may write the value of a key of the JSON form."""
    name = key.rpartition(".")[2]
    if isinstance(value, str):
        yield value
        if MOMENT.match(value):
            yield ENGLISH.day(value)
            if value[10:]:
                yield from (ENGLISH.moment(value), ENGLISH.second(value), value[11:19], value[11:16])
    elif isinstance(value, bool) or value is None:
        return
    elif name in BYTES or name.endswith("_bytes") or key.startswith("bytes_by_share"):
        yield ENGLISH.bytes(round(value))
    elif name == "share":
        yield ENGLISH.percent(value)
    elif name in SECONDS:
        yield ENGLISH.duration(value)
    elif name == "rtt_ms":
        yield ENGLISH.number(value, 1) + NARROW + "ms"
    elif name in ("count", "of"):  # of what could not be seen: of connections, bytes or seconds
        yield from (ENGLISH.number(value), ENGLISH.bytes(value), ENGLISH.duration(value))
    else:
        yield from (str(value), ENGLISH.number(value))
