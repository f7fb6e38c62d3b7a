"""`netmon explain`: events by argument, file and standard input; flows of captures; wrong starts."""

import json
import re

import pytest


@pytest.fixture
def events(netmon, demo):
    """The events of the demo's flows, one per line."""
    lines = netmon("read", "--json", "--country", "DE", demo).stdout.splitlines()
    return [line for line in lines if '"verdict":' in line]


@pytest.fixture
def unexpected(events):
    return next(line for line in events if '"verdict":"unexpected"' in line)


def test_the_three_ways_to_give_an_event_are_equal(netmon, unexpected, tmp_path):
    """As an argument, in a file, or on standard input, with or without an end of line."""
    (tmp_path / "event.json").write_text(f"{unexpected}\n\n")
    shown = [
        netmon("explain", "--country", "DE", unexpected),
        netmon("explain", "--country", "DE", "event.json"),
        netmon("explain", "--country", "DE", "-", input=unexpected),
    ]
    assert {(one.returncode, one.stderr) for one in shown} == {(0, "")}
    [text] = {one.stdout for one in shown}
    assert re.match(r"Flow \d+, 2026-09-15T[^ ]+ kaspersky\s\(reputation\): unexpected", text)
    assert "Russia: the server is located there" in re.sub(r"\s+", " ", text)


def test_a_flow_of_a_capture_is_explained_as_its_event(netmon, demo, events):
    """The same text from the packets: places of later flows depend on the round trips of earlier ones."""
    for line in (events[0], events[len(events) // 2], events[-1]):
        number = json.loads(line)["netmon"]["flow_id"]
        by_packets = netmon("explain", "--country", "DE", "--flow", number, demo)
        assert (by_packets.returncode, by_packets.stderr) == (0, "")
        assert by_packets.stdout == netmon("explain", "--country", "DE", line).stdout


def test_packets_have_the_numbers_of_the_capture(netmon, demo, events):
    """A filter skips packets and does not renumber them; scapy counts alike; a second file counts on."""
    pytest.importorskip("scapy")
    numbers = {json.loads(line)["netmon"]["first_packet"] for line in events}
    assert len(numbers) == len(events)
    filtered = netmon("read", "--json", demo, "tcp", "port", "443").stdout.splitlines()
    found = [json.loads(line)["netmon"] for line in filtered if '"verdict":' in line]
    assert {one["first_packet"] for one in found} < numbers
    assert "packet 37 of the capture" in netmon("explain", "--flow", 6, "--source", "scapy", demo).stdout


def test_privacy_hides_the_client(netmon, demo, events):
    """With a level, the explanation has no more about the client than the event."""
    client = json.loads(events[0])["source"]["ip"]
    number = json.loads(events[0])["netmon"]["flow_id"]
    assert client in netmon("explain", "--flow", number, demo).stdout
    hidden = netmon("explain", "--flow", number, "--privacy", 3, demo).stdout
    assert client not in hidden
    assert "a client whose address is not shown" in hidden


def test_text_from_packets_cannot_control_the_terminal(netmon, unexpected):
    """Escape sequences in an edited or hostile event are shown, not sent."""
    event = json.loads(unexpected)
    event["destination"]["domain"] = "a\x1b[31m\u202e.example"
    text = netmon("explain", json.dumps(event)).stdout
    assert "\\x1b[31m\\u202e.example" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.json"], "missing.json: no such file"),
        (["two.json"], "two.json: 2 lines instead of one event; select one, for example: grep"),
        (["empty.json"], "empty.json is empty: give one event, a line of `netmon read --json`"),
        (["text.json"], "not an event: expecting value at character 1"),
        (["{"], "not an event: expecting property name"),
        (["{}", "{}"], "2 events were given: explain one at a time, or give --flow ID"),
        (["--flow", "6", "missing.pcap"], "missing.pcap: "),
        (["--flow", "6", "text.json"], "text.json: not a capture"),
        (["--country", "XX", "{}"], "--country: 'XX' is not a country code"),
    ],
)
def test_wrong_starts_are_one_line(refused, tmp_path, words, said):
    """What is wrong with it and what to do, on standard error, exit code 1."""
    (tmp_path / "two.json").write_text("{}\n{}\n")
    (tmp_path / "empty.json").write_text("\n")
    (tmp_path / "text.json").write_text("Hello, world, this is not a capture.\n")
    assert refused("explain", *words).startswith(said)


def test_a_capture_needs_the_number_of_a_flow(refused, demo):
    """A capture where an event is needed, and a flow that is not in the capture."""
    assert refused("explain", demo).endswith("to explain a flow of a capture, give --flow ID")
    said = refused("explain", "--flow", 9999, demo)
    assert re.search(r"demo\.pcap: no flow 9999 among its \d+ flows$", said)


def test_a_flow_of_no_vendor_has_no_verdict(refused, netmon, demo):
    """Its number is in the capture; nothing was judged."""
    lines = netmon("read", "--json", "--all", demo).stdout.splitlines()
    other = next(line for line in lines if '"netmon.flow"' in line and '"vendor":' not in line)
    number = json.loads(other)["netmon"]["flow_id"]
    expected = f"flow {number} matches no vendor, so it has no verdict that could be explained"
    assert refused("explain", "--flow", number, demo) == expected
    assert refused("explain", other) == expected


def test_it_speaks_german(netmon, environment, unexpected):
    """By the option, or by the locale; the event is the same."""
    asked = netmon("explain", "--country", "DE", "--language", "de", unexpected)
    environment["LANG"] = "de_DE.UTF-8"
    assert netmon("explain", "--country", "DE", unexpected).stdout == asked.stdout
    assert re.match(r"Verbindung \d+, 2026-09-15T[^ ]+ kaspersky\s\(reputation\): unerwartet", asked.stdout)
    text = re.sub(r"\s+", " ", asked.stdout)
    assert "Russland: Der Server steht dort" in text
    assert netmon("explain", "--language", "en", unexpected).stdout.startswith("Flow ")
