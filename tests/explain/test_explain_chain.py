"""The chain from packets to verdict: every link is told, in words that fit 80 columns, for every flow."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from netmon.errors import EventError
from netmon.explain import compared, decided, located, matched, named, seen
from netmon.explain.chain import WIDEST, Context, explain_flow
from netmon.explain.event import read_event
from netmon.language.language import Language
from netmon.records import (
    CONTACTS,
    EVIDENCE,
    GROUNDS,
    LACKS,
    OUTCOMES,
    STANDINGS,
    UNCOUNTED,
    VIEW,
    Confidence,
)
from netmon.signatures.load import load_folder
from netmon.signatures.model import STATUSES
from netmon.signatures.source_dates import known_date
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from tests.craft import golden

SIGNATURES = load_folder(golden.FOLDER / "signatures")
CONTEXT = Context(SIGNATURES, Policy(), Subject("DE"))
GERMAN = Language("de")
LINES = [
    (file.parent.parent.name, line)
    for file in sorted(Path(golden.FOLDER).glob("*/expected/events.jsonl"))
    for line in file.read_text(encoding="utf-8").splitlines()
    if '"dataset":"netmon.flow"' in line and '"vendor":' in line and '"verdict":' in line
]


PLACE = {
    "location": "zurich",
    "country": "CH",
    "confidence": "single",
    "votes": [
        {
            "source": "db",
            "provider": "a publisher",
            "about": "location",
            "country": "CH",
            "city": "Zurich",
            "date": "2026-06-05",
            "network": "192.0.2.0/24",
        },
        {"source": "dbx", "about": "location", "contradicts": True},
        {"source": "dby", "about": "unclear", "country": "RU"},
        {"source": "dbz", "about": "registration", "country": "DE"},
    ],
    "steps": ["round trip: 2.300 ms", "db (2026-06-05) on 192.0.2.0/24: CH, Zurich", "db alone says CH"],
    "excluded": ["moscow"],
    "not_in": ["RU"],
}


def chain(line, context=CONTEXT):
    """The explanation, each sentence in one line."""
    text = "\n".join(explain_flow(read_event(line), context))
    return re.sub(r"\n {5,}", " ", text)


def of(case, number=0):
    return [line for name, line in LINES if name == case][number]


def edited(line, **fields):
    """The event with other fields under `netmon`."""
    event = json.loads(line)
    event["netmon"] |= fields
    return json.dumps(event)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (seen._CONTACT, CONTACTS),
        (seen._VIEW, VIEW),
        (named._SAID, EVIDENCE),
        (named._FORGED, EVIDENCE),
        (named._GROUNDS, GROUNDS),
        (located._CONFIDENCE, get_args(Confidence)),
        (matched._TRUST, STATUSES),
        (compared._STANDING, STANDINGS),
        (compared._UNCOUNTED, UNCOUNTED),
        (decided._MEANS, OUTCOMES),
        (decided._LACKS, LACKS),
    ],
)
def test_every_word_of_a_closed_set_has_its_sentence(texts, words):
    """A new kind of evidence, contact or verdict cannot be left without an explanation."""
    assert set(texts) == set(words)


def test_every_golden_flow_is_explained_in_80_columns():
    """Each event that netmon writes has all eight parts; only a long address of a source may be wider."""
    assert len(LINES) > 60
    for case, line in LINES:
        text = list(explain_flow(read_event(line), CONTEXT))
        wide = [one for one in text if len(one) > WIDEST]
        assert all(" " not in one.strip() for one in wide), (case, wide)
        headings = [one for one in text if re.match(r"\d\. ", one)]
        assert headings == [
            "1. Packets",
            "2. Name",
            "3. Signature",
            "4. Place",
            "5. Countries of concern",
            "6. Promise and policy",
            "7. Verdict",
            "8. What is not known",
        ]
        assert "None" not in " ".join(text), case
        assert not any(one.endswith("..") for one in text), case


def test_each_link_says_who_when_and_on_what_basis():
    """What a lawyer would ask of a flow that is as promised."""
    text = chain(of("complete_hello"))
    for said in (
        "It begins with packet 1 of the capture, counted from 1.",
        "The client stated the name eu.files.cloud.example in the hello of TLS or DTLS (packet 4, 2026-06-01",
        "No DNS answer with such a name and this address was seen.",
        "What could be forged: whoever controls the client, or sends with its address, can state any name.",
        "cloud.yaml:",
        "Trust: official, which means that the vendor itself, or a registry, says so.",
        "Source ",
        "Result: Zurich, Switzerland (agreed): independent sources agree on the country.",
        "This was applied: promise ",
        "Applies on 2026-06-01 to users in DE.",
        "The first row of the table whose condition holds decides. Here: the place is one that was promised.",
        "That the data stayed there is not shown.",
        "What was sent: netmon does not decrypt.",
    ):
        assert said in text, f"{said}\n{text}"


def test_a_look_up_is_told_with_its_packet_and_sender():
    """Who resolved the name, when, and whether the site asked."""
    text = chain(of("dns_client"))
    assert "This client looked up eu.files.cloud.example, which has this address." in text
    assert re.search(
        r"A DNS answer with the name and this address came from 192\.0\.2\.53 \(packet \d+, 2026-06-01T", text
    )
    assert "The client, or a resolver of the site, was seen to ask for it." in text
    other = chain(of("dns_any"))
    assert "Another host looked up" in other
    assert "Neither the client nor a resolver of the site was seen to ask for it." in other


def test_an_answer_after_the_flow_began_is_told_as_such():
    """A look-up that came later cannot be why the client went there."""
    line = of("dns_client")
    late = {"packet": 99, "time": "2026-06-02T00:00:00.000000Z", "from": "192.0.2.53", "resolved": True}
    assert "The flow had begun before that answer." in chain(edited(line, dns_answer=late))
    assert "The flow had begun before that answer." not in chain(line)


def test_an_answer_of_a_client_that_is_hidden_is_told_without_its_address():
    """A client that is a resolver as well, in an event that shows no clients."""
    answer = {"packet": 99, "time": "2026-06-01T00:00:00.000000Z", "resolved": False}
    text = chain(edited(of("dns_client"), dns_answer=answer))
    assert "came from the client itself, which is not shown (packet 99, " in text


def test_changed_signatures_are_admitted():
    """A statement that is no longer in its line has no sources to show; the reader learns why."""
    line = edited(of("complete_hello"), signature="cloud.yaml:1")
    assert "The signatures in use now have no such statement in that line: they have changed since" in chain(
        line
    )


def test_a_vendor_that_the_signatures_lack_is_an_error():
    """Another organisation's event needs its signatures."""
    with pytest.raises(EventError, match="a vendor that the signatures in use lack; --signatures gives"):
        list(explain_flow(read_event(edited(of("complete_hello"), vendor="other")), CONTEXT))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"severity": "critical"}, "Severity critical: it deserves a look at once."),
        ({"severity": "new"}, "Severity new."),
        ({"lacks": "place"}, "For a decision this is missing: where the flow ended."),
        (
            {"concerns_uncounted": "no_data"},
            "statement about countries of concern: no data",
        ),
        ({"concerns": [{"country": "RU", "standing": "excluded"}]}, "Russia: the server cannot be there"),
        ({"concerns": [{"country": "RU", "standing": "unknown"}]}, "Russia: it is not excluded"),
        ({"exception": {"lifts": "place_elsewhere", "until": "2026-12-31"}}, "valid until 2026-12-31"),
        ({"grounds": "hearsay"}, "does not show that this client meant the vendor"),
        ({"view": ["one_way", "unseen"]}, "only one direction was seen; more than 1 % of the bytes"),
        ({"view": ["from_the_future"]}, "The view was limited: from_the_future."),
        ({"interception": "suspected"}, "a middlebox seems to answer handshakes"),
        ({"place": PLACE}, "A round trip can exclude a place, and never confirms one."),
        ({"place": PLACE}, "Step: round trip: 2.300 ms"),
        ({"place": PLACE}, "Excluded by the round trip: moscow; RU."),
        (
            {"place": PLACE},
            "db (as of 2026-06-05, published by a publisher) for 192.0.2.0/24 says Zurich",
        ),
        (
            {"place": PLACE},
            "dbx (without a date) has another country than the others, which its licence",
        ),
        (
            {"place": PLACE},
            "says Russia; that may be where the server is, or where its network or AS is registered.",
        ),
        ({"place": PLACE}, "says Germany; that is about registration, which does not locate the address."),
        (
            {"place": {**PLACE, "confidence": "disputed", "country": "disputed", "claims": ["NL", "RU"]}},
            "the place is disputed: NL or RU",
        ),
        ({"explanation": "In plain words."}, "- In plain words."),
        ({"first_packet": None}, "The event has times and no packet numbers"),
    ],
)
def test_what_the_event_says_is_told(fields, said):
    """Each optional field of an event has its sentence."""
    assert said in chain(edited(of("complete_hello"), **fields))


def test_policy_and_concern_are_told_with_their_basis():
    """What the policy says, and why a country is one of concern for this vendor."""
    policy = Policy(
        forbidden_vendors=frozenset({"cloud"}),
        allowed={"cloud": {"*": frozenset({"CH", "zurich"})}},
        concerns={"cloud": frozenset({"RU"})},
    )
    text = chain(of("complete_hello"), replace(CONTEXT, policy=policy, subject=Subject(None)))
    assert "The policy forbids contact with cloud." in text
    assert re.search(r"The policy allows these places for \w+ of cloud: CH, zurich\.", text)
    assert "Russia is a country of concern by the policy." in text
    assert "The users' country, as configured for this explanation: not configured." in text


def test_an_embedded_address_is_the_one_that_the_signatures_are_asked_about():
    """Through a translator, the IPv4 address of the server is shown, and explained."""
    lines = [line for case, line in LINES if case == "embedded_addresses" and "embedded_ip" in line]
    assert len(lines) > 3
    for line in lines:
        event, text = read_event(line), chain(line)
        assert event.server == event["netmon.embedded_ip"]
        assert f"contains the IPv4 address {event.server}, which is meant by it." in text
        assert f"The signatures in use now say of {event.server}: " in text


def test_the_sources_of_a_statement_are_cited_in_full():
    """Every source of the rule that matched is named with its trust, its date and where it is."""
    for case, line in LINES:
        event = read_event(line)
        where = event["netmon.signature"]
        rules = [one for one in SIGNATURES.rules if f"{Path(one.file).name}:{one.line}" == where]
        assert rules, case
        text = chain(line)
        for key in rules[0].sources:
            source = SIGNATURES.vendors[event.vendor].sources[key]
            date = known_date(source) or "of unknown date"
            assert f"Source {source.key} ({source.trust}, {date}): {source.ref}" in text


def test_every_golden_flow_is_explained_in_german():
    """With its own headings and the verdict's meaning, and as many parts as in English."""
    for case, line in LINES:
        event = read_event(line)
        english, german = (list(explain_flow(event, CONTEXT, Language(one))) for one in ("en", "de"))
        heads = [[text for text in lines if re.match(r"\d\. ", text)] for lines in (english, german)]
        assert len(heads[0]) == len(heads[1]) == 8
        assert heads[1][-2:] == ["7. Urteil", "8. Was nicht bekannt ist"]
        said = re.sub(r"\s+", " ", " ".join(german[german.index("7. Urteil") :]))
        assert re.search(r"\b(the|is|are|not|of|and)\b", said) is None, (case, said)


def test_place_and_verdict_in_german():
    """Words for confidence, countries and conditions are those of the catalogue; values stay as they are."""
    text = re.sub(r"\n {5,}", " ", "\n".join(explain_flow(read_event(of("complete_hello")), CONTEXT, GERMAN)))
    for said in (
        "Ergebnis: Zurich, Schweiz (übereinstimmend): ",
        "Gilt am 2026-06-01 für Nutzer in DE.",
        "Hier: der Ort ist einer, der zugesagt war.",
        "Der erste Hop liegt in Zurich, wie für die Verarbeitung zugesagt; ",
        "Schritt: 2 Quellen nennen übereinstimmend CH",
        "sagen über eu.files.cloud.example: das Suffix „files.cloud.example“ passt.",
        "Ebenso passt suffix cloud.example, aber: ein längeres Suffix geht vor.",
        "das Netz 198.51.100.0/24 enthält sie; wegen seiner Rolle „service“ genügt die Adresse allein.",
    ):
        assert said in text, f"{said}\n{text}"
