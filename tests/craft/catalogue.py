"""Brings the catalogues of netmon's texts up to date, and compiles them.

`python -m tests.craft.catalogue` adds new texts without a translation, and removes those that are no longer
used. Names of countries come from the Unicode CLDR, if babel is installed: `pip install babel`.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import jinja2
import polib

from netmon.countries import COUNTRIES, country_in_text
from netmon.language.language import FOLDER
from netmon.processing import texts
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.verdict.table import REASONS, ROWS

PACKAGE = FOLDER.parent
PLURAL = "say_count"
WIDTH = 110


class Text(NamedTuple):
    """An English text that is in use; `plural` if it depends on a number, `context` for names."""

    english: str
    plural: str | None = None
    context: str | None = None


def used() -> list[Text]:
    """Every text, in the order in which it is found."""
    listed = [value for name, value in vars(texts).items() if name.isupper()]
    return list(dict.fromkeys([*_templates(), *_code(), *_table(), *map(Text, listed), *_names()]))


def _table() -> Iterator[Text]:
    """The conditions and reasons of the table of verdicts."""
    yield from map(Text, REASONS.values())
    yield from (Text(row.when) for row in ROWS)


def _templates() -> Iterator[Text]:
    environment = jinja2.Environment(
        extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True, autoescape=True
    )
    environment.policies["ext.i18n.trimmed"] = True
    for file in sorted(PACKAGE.glob("report/templates/*.html")):
        for _line, _function, message in environment.extract_translations(file.read_text(encoding="utf-8")):
            yield Text(message) if isinstance(message, str) else Text(message[0], message[1])


def _code() -> Iterator[Text]:
    """The texts in calls of `_`, `say` and `say_count`."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            texts = [
                one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            if _name_of(node.func) == PLURAL:
                yield Text(*texts)
            elif _name_of(node.func) in ("_", "say"):
                yield from map(Text, texts)


def _name_of(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _names() -> Iterator[Text]:
    for name in COUNTRIES.values():
        yield Text(name, context="country")
    for code in COUNTRIES:
        yield Text(country_in_text(code), context="in country")
    signatures = load_folder(default_folder())
    for location in signatures.locations.values():
        yield Text(location.city, context="city")
    for vendor in signatures.vendors.values():
        for concern in vendor.concerns:
            yield Text(concern.basis, context="basis of a concern")
            yield Text(concern.about, context="what a concern is about")


def update(file: Path) -> list[str]:
    """Writes the catalogue with exactly the texts in use. Returns those without a translation."""
    old = polib.pofile(str(file), wrapwidth=WIDTH)
    known = {Text(one.msgid, one.msgid_plural or None, one.msgctxt): one for one in old if not one.obsolete}
    new = polib.POFile(wrapwidth=WIDTH)
    new.header, new.metadata = old.header, old.metadata
    for text in used():
        entry = known.get(text) or _new(text, file.stem)
        if entry.msgctxt != "in country" or entry.msgstr:  # only names with an article have one of their own
            new.append(entry)
    new.save(str(file))
    return [one.msgid for one in new if not one.translated()]


def _new(text: Text, code: str) -> polib.POEntry:
    entry = polib.POEntry(msgid=text.english, msgctxt=text.context)
    if text.plural is not None:
        entry.msgid_plural = text.plural
        entry.msgstr_plural = {0: "", 1: ""}
    if text.context == "country":
        entry.msgstr = _cldr(code).get(text.english, "")
    if text.context == "city":
        entry.msgstr = text.english
    return entry


def _cldr(code: str) -> dict[str, str]:
    """The names of countries in a language, by their English names; none without babel."""
    try:
        babel = importlib.import_module("babel")
    except ImportError:
        return {}
    territories = babel.Locale(code).territories
    return {name: territories[country] for country, name in COUNTRIES.items() if country in territories}


def compiled(file: Path) -> bytes:
    """The catalogue as gettext reads it."""
    return bytes(polib.pofile(str(file)).to_binary())


def main() -> None:
    """The command."""
    for file in sorted(FOLDER.glob("*.po")):
        missing = update(file)
        file.with_suffix(".mo").write_bytes(compiled(file))
        print(f"{file.name}: {len(missing)} texts have no translation")
        for text in missing:
            print(f"  {text}")


if __name__ == "__main__":
    main()
