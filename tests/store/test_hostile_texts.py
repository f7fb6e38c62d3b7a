"""Events from elsewhere may have any text: what is stored of it controls neither terminals nor pages."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.errors import EventError
from netmon.outputs.json_line import visible
from netmon.store.history import BY, as_csv, read_history, table_rows
from netmon.store.intake import Intake, parse_line
from netmon.store.queries import Scope
from netmon.store.sqlite import MEMORY, SqliteStore
from tests.records import MOSCOW, UNEXPECTED, classified
from tests.store.conftest import lines_of

HOSTILE = {
    "bidirectional": "safe\u202egro.live\u2066",
    "escape": "\x1b[2J\x1b]0;title\x07",
    "lines": "first\nsecond\r\tthird",
    "C1": "\x9b31m\x85",
    "separators": "one\u2028two\u2029",
    "invisible": "ad\xadmin\u200b\ufeff\u061c",
    "tags": "flag\U000e0041\U000e007f",
}
BIDIRECTIONAL = {
    chr(code) for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
UNSEEN = ("Cc", "Cf", "Zl", "Zp")


def hostile_line(text):
    """An event in which everything that its checks allow is this text."""
    [line] = lines_of(classified(MOSCOW, UNEXPECTED, flow_id=1))
    event = json.loads(line)
    event["destination"] |= {"domain": text, "ip": text, "geo": {"city_name": text}}
    event["source"] |= {"domain": text, "mac": text, "ip": text}
    event["observer"] |= {"geo": {"name": text}, "ingress": {"interface": {"name": text}}}
    event["netmon"]["place"] |= {"location": text, "country": text, "text": [text, {text: text}]}
    event["netmon"]["matched"] = text
    return json.dumps(event)


def unseen(text):
    """The characters of a text that are not seen, or that control how others are shown."""
    return [one for one in text if unicodedata.category(one) in UNSEEN]


@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_nothing_unseen_is_stored(kind):
    """In no column and in no document, also not inside one; what it was can be read."""
    rows = parse_line(hostile_line(HOSTILE[kind]))
    texts = [value for row in rows for value in row.values if isinstance(value, str)]
    assert any("\\" in text for text in texts)
    assert [unseen(text) for text in texts] == [[]] * len(texts)
    decoded = [json.loads(text) for text in texts if text.startswith("{")]
    assert decoded
    assert unseen(json.dumps(decoded, ensure_ascii=False)) == []
    assert visible(decoded) == decoded


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_views_show_escapes(kind, by):
    """A line stays one line, and is read in the order in which it is written."""
    store = SqliteStore(MEMORY)
    intake = Intake(store, "memory")
    intake.write(hostile_line(HOSTILE[kind]))
    intake.flush()
    view = read_history(store, Scope(), by)
    [(label, _)] = table_rows(view)
    assert unseen(label) == []
    assert unseen(as_csv(view).replace("\r\n", "")) == []
    store.close()


@pytest.mark.parametrize("depth", [300, 500, 900, 5_000, 100_000])
@pytest.mark.parametrize("inner", ['"a"', '"\\u202e"'])
def test_deep_events_are_no_events(depth, inner):
    """They stop neither an import nor a collector, which would be given them again and again."""
    line = f'{{"event":{{"dataset":"netmon.flow"}},"netmon":{"[" * depth}{inner}{"]" * depth}}}'
    with pytest.raises(EventError):
        parse_line(line)


def test_letters_of_any_language_stay():
    """As well as punctuation: names of sites and cities are not only ASCII."""
    for text in ("Zürich", "Москва", "東京", "القاهرة", "Saint-Étienne – 2", "a b"):
        assert visible({text: [text, 7, None, True]}) == {text: [text, 7, None, True]}


@given(st.text())
def test_what_was_escaped_is_stable(text):
    """A second time changes nothing, so that the same event gives the same row after any number of hops."""
    once = visible(text)
    assert visible(once) == once
    assert {"Cc", "Zl", "Zp"}.isdisjoint(map(unicodedata.category, once))
    assert BIDIRECTIONAL.isdisjoint(once)


def test_the_schema_of_a_file_is_not_trusted(tmp_path):
    """A store may come from anyone: functions with effects do not run from its views and triggers."""
    for path in (MEMORY, tmp_path / "flows.db"):
        store = SqliteStore(path)
        assert store.value("PRAGMA trusted_schema") == 0
        store.close()
