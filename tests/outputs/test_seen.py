"""The view in the summary: complete, including what is missing."""

import re
from pathlib import Path

import pytest
from rich.console import Console

from netmon.language.language import ENGLISH, Language
from netmon.language.words import EVIDENCE as EVIDENCE_TEXT
from netmon.language.words import UNNAMED as UNNAMED_TEXT
from netmon.outputs.seen import show_seen
from netmon.outputs.texts import duration_text
from netmon.records import EVIDENCE, UNNAMED

ROOT = Path(__file__).parents[2]
VIEW = {
    "packets": 1000,
    "duplicate_packets": 0,
    "cut_packets": 0,
    "coalesced_packets": 0,
    "sieved_packets": 0,
    "sieved_bytes": 0,
    "sieve_refusals": 0,
    "tcp_bytes": 9000,
    "unseen_tcp_bytes": 0,
    "connections": 20,
    "one_way_connections": 0,
    "incomplete_hellos": 0,
    "solicited_dns_answers": 7,
    "unsolicited_dns_answers": 0,
    "overlapping_flows": 0,
    "misdated_packets": 0,
    "clock_steps": 0,
}
STATS = {
    "packets": 1000,
    "first_ns": 1_780_308_000_000_000_000,
    "last_ns": 1_780_308_090_000_000_000,
    "named": {"sni": 20, "dns_any": 3, "network": 2, "none": 5},
    "named_bytes": {"sni": 2000, "dns_any": 300, "network": 200, "none": 500},
    "unnamed": {"not_tls": 6, "malformed": 1},
    "unnamed_bytes": {"not_tls": 600, "malformed": 100},
    "other_flows": 10,
    "other_sent_bytes": 400,
    "other_received_bytes": 600,
    "dns_messages": 7,
    "looked_up": {},
    "rejected": {("ip", "malformed"): 4},
    "evicted": {"flows": 0},
    "view": {"eth1": VIEW, "eth2": VIEW},
}


def lines(stats, language=ENGLISH):
    """The printed lines, with single spaces."""
    console = Console(width=80)
    with console.capture() as capture:
        for part in show_seen(stats, language):
            console.print(part)
    return [" ".join(line.split()) for line in capture.get().splitlines()]


def test_named_and_not_named_are_all_flows():
    """Both sums, each with its parts, add up to all ended flows, in flows and in bytes."""
    seen = lines(STATS)
    for line in ("named by 23 2.3 kB", "not named because 7 700 B", "all flows 30 3.0 kB"):
        assert line in seen
    assert "of these, by address in a network of the vendor 2 200 B" in seen
    assert seen[0] == "What was seen in 90 s from 2026-06-01 10:00:00 UTC"


def test_why_packets_were_not_decoded_is_said_in_the_language():
    """Every reason of the engine has words."""
    engine = (ROOT / "engine/src/wire/decode/rejection.rs").read_text(encoding="utf-8")
    labels = re.findall(r'=> \("(\w+)", "(\w+)"\)', engine)
    assert len(labels) > 10
    seen = lines(STATS | {"rejected": dict.fromkeys(labels, 1)}, Language("de"))
    assert "nicht dekodiert: ip, anderer Transport 1" in seen
    told = [line for line in seen if line.startswith("nicht dekodiert: ")]
    assert len(told) == len(labels)
    assert not any("_" in line or "other" in line or "unknown" in line for line in told)


def test_a_complete_view_has_no_table():
    """If nothing is missing, there is no table of it."""
    assert not any("missing or incomplete" in line for line in lines(STATS))


def test_what_is_missing_is_summed_over_all_interfaces():
    """The table has the sums over all interfaces, with their shares."""
    poor = VIEW | {
        "unseen_tcp_bytes": 1000,
        "one_way_connections": 1,
        "cut_packets": 50,
        "incomplete_hellos": 3,
        "unsolicited_dns_answers": 3,
        "overlapping_flows": 4,
        "misdated_packets": 5,
        "clock_steps": 2,
    }
    seen = lines(STATS | {"view": {"eth1": poor, "eth2": VIEW}, "evicted": {"heads": 2}})
    for line in (
        "What was missing or incomplete",
        "TCP bytes acknowledged but not seen 1.0 kB 5.3 %",
        "one-way connections, of 40 1 2.5 %",
        "hellos with missing segments 3",
        "DNS answers without a query seen, of 17 3 18 %",
        "packets truncated by the snap length 50 5 %",
        "flows with one side in several VLANs or VNIs 4",
        "packets with a wrong time, read as if on time 5 0.5 %",
        "clocks set, or not that of other interfaces 2",
        "evicted from a full table: heads 2",
    ):
        assert line in seen


def test_what_the_sieve_makes_unknowable_is_said_to_be_of_what_was_read():
    """With dropped packets the missing bytes are of what was read, and shares of packets are of all."""
    poor = VIEW | {"unseen_tcp_bytes": 1000, "duplicate_packets": 100}
    of_read = "of what was read, without sieved packets"
    seen = lines(STATS | {"view": {"eth1": poor, "eth2": VIEW}})
    assert "all packets 1,000" in seen
    assert of_read not in seen
    seen = lines(STATS | {"view": {"eth1": poor | {"sieved_packets": 1000}, "eth2": VIEW}})
    at = seen.index("TCP bytes acknowledged but not seen 1.0 kB 5.3 %")
    assert seen[at + 1] == of_read
    at = seen.index("packets that were read 1,000")
    assert seen[at + 1 : at + 3] == [
        "duplicates, counted once 100 5 %",
        "dropped by the kernel sieve besides 1,000",
    ]


def test_every_evidence_and_reason_has_a_text():
    """The closed sets are covered in full, and each text fits its column wherever it is used."""
    assert set(EVIDENCE_TEXT) == set(EVIDENCE)
    assert set(UNNAMED_TEXT) == set(UNNAMED)
    some = dict.fromkeys(EVIDENCE, 1), dict.fromkeys(UNNAMED, 1)
    flows = dict(zip(("named", "unnamed", "named_bytes", "unnamed_bytes"), (*some, *some), strict=True))
    texts = [text for key, text in {**EVIDENCE_TEXT, **UNNAMED_TEXT}.items() if key != "none"]
    seen = lines(STATS | flows)
    assert [text for text in texts if not any(text in line for line in seen)] == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (1.5e-5, "15 µs"),
        (0.009, "9 ms"),
        (0.25, "0.25 s"),
        (600, "10 min"),
        (10_000, "2.78 h"),
        (200_000, "2.31 days"),
        (86_400 * 999.7, "1,000 days"),
        (1.84e8, "2,130 days"),
    ],
)
def test_durations_have_suitable_units(seconds, text):
    """Durations are in seconds, minutes, hours or days, never with an exponent."""
    assert duration_text(seconds) == text
