"""Entries of long lists as people and programs write them: on one line or on several.

An entry is an element `- {key: value, …}` or a pair `192.0.2.0/24: {key: value, …}`; its keys can also have
lines of their own, as every program writes them. White space, quotes and comments do not matter. What is
anything else is no entry here, and is left to the YAML parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

_END = r"(?:\s+#.*|\s*)"
_PLAIN = r"\w[\w./*()%@+-]*(?: \w[\w./*()%@+-]*)*"
_QUOTED = r"""'(?:[^'\n]|'')*'|"[^"\\\n]*\""""
_ITEM = rf"(?:{_PLAIN}|{_QUOTED})"
_LIST = rf"\[ *{_ITEM}(?: *, *{_ITEM})* *\]"
_MAPPING = rf"\{{ *{_ITEM}: +{_ITEM}(?: *, *{_ITEM}: +{_ITEM})* *\}}"
_VALUE = rf"(?:{_PLAIN}|{_QUOTED}|{_LIST}|{_MAPPING})"
_KEY = r"""(?:[a-z_]+|'[a-z_]+'|"[a-z_]+")"""
_PAIR = rf"{_KEY}: +{_VALUE}"
_NETWORK = r"( +)([0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*/[0-9]{1,3}):"
_TEXT = r"\w(?:[^:#\r\n]|:(?=\S)|(?<=\S)#)*(?<=\S)"
"""Text that needs quotes on one line only, because of its commas and brackets."""

_PAIRS = re.compile(rf"{_PAIR}(?: *, *{_PAIR})* *")
_NEXT_PAIR = re.compile(rf"({_KEY}): +({_VALUE})(?: *, *| *$)")
_ELEMENT = re.compile(rf"( *)- +\{{ *({_KEY}): +({_VALUE})(?: *, *(.*?))? *\}}{_END}")
_KEYED = re.compile(rf"{_NETWORK} +(?:~|null|\{{ *(.*?) *\}}){_END}")
_BLOCK_ELEMENT = re.compile(r"( *)-( +)[a-z_'\"].*")
_BLOCK_KEYED = re.compile(rf"{_NETWORK}{_END}")
_BLOCK_LINE = re.compile(rf"( *)({_KEY}):(?: +(?:({_VALUE})|({_TEXT})))?{_END}")
_BLOCK_ITEM = re.compile(rf"( *)- +({_ITEM}){_END}")
_BLOCK_PAIR = re.compile(rf"( *)({_ITEM}): +({_ITEM}){_END}")
_NULL = re.compile("null|Null|NULL")
_QUOTES = "'\""
_KNOWN = 4096
"""Lines and texts that are remembered, because most entries have them in common."""


class Entry(NamedTuple):
    """An entry as if it were on one line: `- {key: value, rest}` or `key: {rest}`."""

    indent: str
    is_element: bool
    size: int  # lines
    key: str
    value: str  # as written, quotes included
    rest: str


def read_entry(lines: Sequence[str], at: int) -> Entry | None:
    """The entry that begins with a line; None if there is none."""
    for read in (_read_element, _read_keyed, _read_block_element, _read_block_keyed):
        entry = read(lines, at)
        if entry is not None:
            return entry
    return None


def is_filler(line: str) -> bool:
    """True for an empty line or a comment."""
    text = line.lstrip()
    return not text or text[0] == "#"


def pairs(rest: str) -> dict[str, str] | None:
    """Keys and values as they are written in an entry; None if a key is given twice."""
    found = _NEXT_PAIR.findall(rest)
    values = {key.strip(_QUOTES): value for key, value in found}
    return values if len(values) == len(found) else None


def plain(value: str) -> str | None:
    """The text of a value as it is written in an entry; None if it is no text, or nothing."""
    if value[0] == "'":
        text = value[1:-1].replace("''", "'")
    elif value[0] == '"':
        text = value[1:-1]
    elif value[0] in "[{" or _NULL.fullmatch(value):
        return None
    else:
        return value
    return text if text.strip() else None


def _read_element(lines: Sequence[str], at: int) -> Entry | None:
    """`- {key: value, rest}`."""
    found = _ELEMENT.fullmatch(lines[at])
    if found is None or not _are_pairs(found[4] or ""):
        return None
    return Entry(found[1], True, 1, found[2].strip(_QUOTES), found[3], found[4] or "")


def _read_keyed(lines: Sequence[str], at: int) -> Entry | None:
    """`network: {rest}`."""
    found = _KEYED.fullmatch(lines[at])
    if found is None or not _are_pairs(found[3] or ""):
        return None
    return Entry(found[1], False, 1, found[2], "", found[3] or "")


def _read_block_element(lines: Sequence[str], at: int) -> Entry | None:
    """`- key: value`, and lines with other keys below it."""
    found = _BLOCK_ELEMENT.fullmatch(lines[at])
    if found is None:
        return None
    column, end = found.end(2), _end_of_block(lines, at + 1, found[1])
    first = " " * column + lines[at][column:]
    indent, key, value = _read_line(first)
    if indent == column and value is not None:
        others = _read_common(tuple(lines[at + 1 : end]), column)
        if others is not None and key not in others[1]:
            return Entry(found[1], True, end - at, key, value, others[0])
        return None
    values = _read_block([first, *lines[at + 1 : end]], column)
    if not values:
        return None
    (key, value), *rest = values.items()
    return Entry(found[1], True, end - at, key, value, _on_one_line(rest))


def _read_block_keyed(lines: Sequence[str], at: int) -> Entry | None:
    """`network:`, and lines with keys below it, if there are any."""
    found = _BLOCK_KEYED.fullmatch(lines[at])
    if found is None:
        return None
    end = _end_of_block(lines, at + 1, found[1])
    values = _read_common(tuple(lines[at + 1 : end]), None)
    return None if values is None else Entry(found[1], False, end - at, found[2], "", values[0])


def _end_of_block(lines: Sequence[str], at: int, indent: str) -> int:
    """The line behind those that are indented more than this."""
    deeper = indent + " "
    while at < len(lines) and lines[at].startswith(deeper) and not lines[at].isspace():
        at += 1
    return at


@lru_cache(_KNOWN)
def _read_common(lines: tuple[str, ...], column: int | None) -> tuple[str, frozenset[str]] | None:
    """The pairs of lines that many entries have in common, on one line, and their keys."""
    below = [line for line in lines if not is_filler(line)]
    if not below:
        return "", frozenset()
    values = _read_block(below, _column(below[0]) if column is None else column)
    return None if values is None else (_on_one_line(values.items()), frozenset(values))


def _read_block(lines: Sequence[str], column: int) -> dict[str, str] | None:
    """The pairs whose keys are at a column; None if the lines are anything else."""
    values: dict[str, str] = {}
    below = [line for line in lines if not is_filler(line)]
    at = 0
    while at < len(below):
        indent, key, value = _read_line(below[at])
        at += 1
        if indent != column or key in values:
            return None
        if value is None:
            nested = _read_nested(below, at, column)
            if nested is None:
                return None
            value, at = nested
        values[key] = value
    return values


@lru_cache(_KNOWN)
def _read_line(line: str) -> tuple[int, str, str | None]:
    """Column, key and value of a line of a block; no value if others follow. Column -1: no such line."""
    found = _BLOCK_LINE.fullmatch(line)
    if not found:
        return -1, "", None
    indent, key, value, text = found.groups()
    if text is not None:
        value = "'" + text.replace("'", "''") + "'"
    return len(indent), key.strip(_QUOTES), value


def _read_nested(lines: Sequence[str], at: int, column: int) -> tuple[str, int] | None:
    """The list or mapping of one level that a key has on the lines below it, on one line."""
    for shape, opening, closing in ((_BLOCK_ITEM, "[", "]"), (_BLOCK_PAIR, "{", "}")):
        found = shape.fullmatch(lines[at]) if at < len(lines) else None
        least = column if shape is _BLOCK_ITEM else column + 1
        if found is None or len(found[1]) < least:
            continue
        indent, parts = found[1], []
        while found is not None and found[1] == indent:
            parts.append(": ".join(found.groups()[1:]))
            at += 1
            found = shape.fullmatch(lines[at]) if at < len(lines) else None
        return opening + ", ".join(parts) + closing, at
    return None


def _on_one_line(found: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in found)


@lru_cache(_KNOWN)
def _are_pairs(text: str) -> bool:
    return not text or _PAIRS.fullmatch(text) is not None


def _column(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
