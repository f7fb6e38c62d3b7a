"""Translates a built dashboard: the texts that people read, and what refers to them by name.

A text is translated wherever it stands, so panels are written in English and know nothing of languages. Names
of series and columns (`fieldConfig.overrides`, sorting, the map's markers) follow their legends and headings.
In PromQL, a string is a text if it has words with a space between them, or begins with a capital letter.
PromQL also translates the verdicts in legends, which are values of a label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from grafana.src.language import Language

TEXTS = {"title", "description", "label", "noValue", "text", "legendFormat", "titleFormat", "textFormat"}
REFERENCES = {"displayName", "field"}
NAMED = {"markers", "geojson"}  # layers of a map have names to read; other names are for programs
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
VARIABLE = re.compile(r"\{\{[^}]*\}\}|\$\{[^}]*\}|\$\w+|__auto")
SENTENCE = re.compile(r"[^\W\d_]+.* .*|.* [^\W\d_]+.*|[A-Z][a-z]+\W*")
WORD = re.compile(r"[^\W\d_]{3,}")

VERDICT, VERDICTS = "verdict", ("expected", "undecided", "unexpected", "forbidden")
LEGENDS = ("legendFormat", "titleFormat")

Names = Mapping[str, str]


def translate(board: dict[str, Any], language: Language) -> dict[str, Any]:
    """The dashboard in another language."""
    panels = [_panel(panel, language) for panel in board["panels"]]
    rest: dict[str, Any] = _walk({key: board[key] for key in board if key != "panels"}, language.say, {})
    return rest | {"panels": panels}


def _panel(panel: dict[str, Any], language: Language) -> dict[str, Any]:
    inner = {"panels": [_panel(one, language) for one in panel["panels"]]} if "panels" in panel else {}
    rest = {key: value for key, value in panel.items() if key != "panels"}
    names = {english: language.say(english) for english in _names(rest)}
    if any(_shows_verdict(one) for one in rest.get("targets", ())):
        names |= {verdict: language.say(verdict) for verdict in VERDICTS}
    names |= {word: language.say(word) for word in _matched_words(rest)}
    made: dict[str, Any] = _walk(rest, language.say, names)
    if panel["type"] == "timeseries":
        for override in made["fieldConfig"]["overrides"]:
            _name_a_value(override, language, names)
    return made | inner


def _names(panel: Mapping[str, Any]) -> list[str]:
    """Legends and headings of a panel that are texts."""
    legends = [one.get("legendFormat", "") for one in panel.get("targets", ())]
    headings = [
        name
        for one in panel.get("transformations", ())
        for name in one["options"].get("renameByName", {}).values()
    ]
    return [name for name in (*legends, *headings) if _is_text(name)]


def _shows_verdict(query: Mapping[str, Any]) -> bool:
    return any(f"{{{{{VERDICT}}}}}" in query.get(key, "") for key in LEGENDS)


def _matched_words(panel: Mapping[str, Any]) -> list[str]:
    """Words of legends that a regular expression of the panel looks for."""
    overrides = panel.get("fieldConfig", {}).get("overrides", ())
    patterns = [one["matcher"]["options"] for one in overrides if one["matcher"]["id"] == "byRegexp"]
    legends = [VARIABLE.sub("", one.get("legendFormat", "")) for one in panel.get("targets", ())]
    return sorted(set(WORD.findall(" ".join(patterns))) & set(WORD.findall(" ".join(legends))))


def _name_a_value(override: dict[str, Any], language: Language, names: Names) -> None:
    """A series named by the value of a label, such as a verdict, is shown under its translation."""
    matcher, properties = override["matcher"], override["properties"]
    value = matcher["options"]
    is_name = matcher["id"] == "byName" and value not in names.values() and language.knows(value)
    if is_name and all(one["id"] != "displayName" for one in properties):
        properties.append({"id": "displayName", "value": language.say(value)})


def _walk(node: Any, say: Callable[[str], str], names: Names) -> Any:
    if isinstance(node, list):
        return [_walk(one, say, names) for one in node]
    if not isinstance(node, dict):
        return node
    if "matcher" in node:
        return node | {
            "matcher": _matcher(node["matcher"], names),
            "properties": [_property(one, say, names) for one in node["properties"]],
        }
    return {key: _value(node, key, value, say, names) for key, value in node.items()}


def _value(node: Mapping[str, Any], key: str, value: Any, say: Callable[[str], str], names: Names) -> Any:
    if key == "renameByName":
        return {column: say(name) for column, name in value.items()}
    if not isinstance(value, str):
        return _walk(value, say, names)
    if key == "expr":
        translated = STRING.sub(lambda found: _string(found, say), value)
        return _verdicts_in(translated, say) if _shows_verdict(node) else translated
    if key in REFERENCES:
        return names.get(value, value)
    is_name = key == "name" and (node.get("type") in NAMED or "titleFormat" in node)
    return say(value) if (key in TEXTS or is_name) and _is_text(value) else value


def _verdicts_in(expression: str, say: Callable[[str], str]) -> str:
    """The expression with the words of another language as its verdicts."""
    for verdict in VERDICTS:
        if (word := say(verdict)) != verdict:
            expression = f'label_replace({expression}, "{VERDICT}", "{word}", "{VERDICT}", "{verdict}")'
    return expression


def _matcher(matcher: Mapping[str, Any], names: Names) -> dict[str, Any]:
    options = matcher["options"]
    if matcher["id"] == "byName":
        options = names.get(options, options)
    elif matcher["id"] == "byRegexp":
        options = WORD.sub(lambda word: names.get(word[0], word[0]), options)
    return {**matcher, "options": options}


def _property(one: Mapping[str, Any], say: Callable[[str], str], names: Names) -> dict[str, Any]:
    value = one["value"]
    if one["id"] in ("displayName", "noValue") and _is_text(value):
        return {**one, "value": say(value)}
    return {**one, "value": _walk(value, say, names)}


def _string(found: re.Match[str], say: Callable[[str], str]) -> str:
    text = found[1]
    is_text = _is_text(text) and SENTENCE.fullmatch(VARIABLE.sub("", text).strip())
    return f'"{say(text)}"' if is_text else found[0]


def _is_text(text: str) -> bool:
    """Whether a text has a letter outside its variables."""
    return any(one.isalpha() for one in VARIABLE.sub("", text))
