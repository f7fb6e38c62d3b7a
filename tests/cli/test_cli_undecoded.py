"""What `netmon read` says if packets could not be decoded."""

import json

import pytest
from click.testing import CliRunner

from netmon.cli.app import app
from netmon.cli.exit_codes import ERROR, OK
from tests.craft.golden import FOLDER
from tests.craft.packets import address, addresses, ethernet
from tests.craft.pcap import Frame, Interface, pcap, pcapng
from tests.craft.scene import CLIENT, ELSEWHERE, ETHERNET, START_NS, connection, flight
from tests.craft.talk import frames, tls_session

BOX = {ord(sign): None for sign in "│┌─┐└┘"}
UNKNOWN = bytes.fromhex("99990000")
"""An EtherType of nobody, and two bytes."""


def wrapped(packet: bytes) -> bytes:
    """An Ethernet frame with an unknown header before the type."""
    frame = ethernet(packet)
    return frame[:12] + UNKNOWN + frame[12:]


def wrapped_from_client(packet: bytes) -> bytes:
    """As `wrapped`, for packets from the client only."""
    source, _ = addresses(packet)
    return wrapped(packet) if source == address(CLIENT) else ethernet(packet)


def read(tmp_path, links, *options):
    """The output of `netmon read` for one session in each of the encapsulations."""
    found = []
    for number, link in enumerate(links):
        found += frames(tls_session(connection(client_port=50_000 + number, at_s=number), flight()), link)
    file = tmp_path / "capture.pcap"
    file.write_bytes(pcap(found, ETHERNET))
    return CliRunner().invoke(app, ["read", "--signatures", str(FOLDER / "signatures"), *options, str(file)])


def test_a_capture_that_could_not_be_read_is_no_all_clear(tmp_path):
    """The summary begins with the encapsulation, nothing says that no flow was seen; the exit code is 1."""
    done = read(tmp_path, [wrapped] * 3)
    words = " ".join(done.stdout.translate(BOX).split())
    assert done.exit_code == ERROR
    assert words.startswith("NOT READ ")
    assert "packets could not be decoded: EtherType 0x9999; let the mirror send" in words
    assert words.endswith(
        "INCOMPLETE, as said above: Whether there was a flow to a known vendor cannot be said."
    )
    assert "No flow to a known vendor" not in done.output
    assert "EtherType 0x9999" in done.stderr


def test_flows_beside_undecoded_packets_are_no_all_clear(tmp_path):
    """One session of three was read: what was seen is told, and that there may be more."""
    done = read(tmp_path, [wrapped, wrapped, ethernet])
    words = " ".join(done.stdout.translate(BOX).split())
    assert done.exit_code == ERROR
    assert words.startswith("NOT READ ")
    assert "AS PROMISED" not in words
    assert "INCOMPLETE, as said above: 1 flow of known vendors was seen; whether there were more" in words


def test_a_few_undecoded_packets_are_a_warning_only(tmp_path):
    """One session of three could not be read: a line names what it carries, and the exit code is 0."""
    done = read(tmp_path, [wrapped, ethernet, ethernet])
    assert done.exit_code == OK
    assert "NOT READ" not in done.stdout
    assert (
        "33 % of packets could not be decoded, so their connections are missing: EtherType 0x9999"
        in done.stderr
    )


def test_events_of_a_capture_that_could_not_be_read_end_with_an_error(tmp_path):
    """With --json the warning and the exit code are the same."""
    done = read(tmp_path, [wrapped], "--json")
    assert (done.exit_code, done.stdout) == (ERROR, "")
    assert "EtherType 0x9999" in done.stderr


def test_a_flow_whose_other_direction_is_wrapped_says_so(tmp_path):
    """The view of the flow is one-way, and what is missing may be in packets that were not decoded."""
    done = read(tmp_path, [wrapped_from_client] * 2, "--json", "--all")
    views = [json.loads(line)["netmon"]["view"] for line in done.stdout.splitlines()]
    assert len(views) == 2
    assert all({"one_way", "undecoded"} <= set(view) for view in views)
    assert "mirror both directions" not in done.stderr


def test_a_flow_that_is_complete_is_not_limited_by_undecoded_packets(tmp_path):
    """Other packets that were not decoded say nothing about a flow whose packets were all seen."""
    done = read(tmp_path, [wrapped, ethernet], "--json", "--all")
    [event] = map(json.loads, done.stdout.splitlines())
    assert "view" not in event["netmon"]


def test_a_view_of_packets_that_could_not_be_read_is_no_all_clear(tmp_path):
    """`--by` says the same as the summary: that most could not be read, or that nothing was seen."""
    done = read(tmp_path, [wrapped] * 3, "--by", "name")
    assert done.exit_code == ERROR
    assert done.stdout.startswith("NOT READ: ")
    assert "No flow" not in done.output
    done = read(tmp_path, [wrapped, wrapped, ethernet], "--by", "name")
    assert done.exit_code == ERROR
    assert done.stdout.startswith("NOT READ: ")
    assert "1 flow" in done.stdout
    done = read(tmp_path, [], "--by", "name")
    assert (done.exit_code, done.stdout) == (OK, "No flow to a known vendor was seen.\n")


def read_two(tmp_path, name, unread, link=ETHERNET, *, packet=wrapped, options=()):
    """As `read`, of one interface with 30 sessions for `name`, and one with `unread` packets of `link`."""
    found = [
        Frame(one.time_ns, ethernet(one.packet), interface=0)
        for number in range(30)
        for one in tls_session(connection(ELSEWHERE, client_port=50_000 + number, at_s=number), flight(name))
    ]
    found += [Frame(START_NS + n * 10**8, packet(b"\x45" * 60), interface=1) for n in range(unread)]
    file = tmp_path / "capture.pcapng"
    interfaces = [Interface("good", ETHERNET), Interface("bad", link)]
    file.write_bytes(pcapng(sorted(found, key=lambda one: one.time_ns), interfaces))
    words = ["read", "--signatures", str(FOLDER / "signatures"), *options, str(file)]
    return CliRunner().invoke(app, words)


@pytest.mark.parametrize("link", [ETHERNET, 147])
def test_an_interface_that_could_not_be_read_is_no_all_clear(tmp_path, link):
    """Twenty packets beside hundreds: the headline names the interface, and the exit code is 1."""
    done = read_two(tmp_path, "www.example.org", 20, link)
    words = " ".join(done.stdout.translate(BOX).split())
    assert done.exit_code == ERROR
    assert words.startswith("NOTHING SEEN in what could be read ")
    assert "interface bad: 20 of 20 packets could not be decoded: " in words
    assert "No flow to a known vendor" not in done.output
    assert "INCOMPLETE, as said above" in words


def test_flows_beside_an_interface_that_could_not_be_read_are_no_all_clear(tmp_path):
    """The flows of the other interface are told behind it, also by `--by`."""
    done = read_two(tmp_path, "eu.files.cloud.example", 20)
    words = " ".join(done.stdout.translate(BOX).split())
    assert done.exit_code == ERROR
    assert words.startswith("INCOMPLETE ")
    assert "30 flows of known vendors were seen; whether there were more cannot be said." in words
    done = read_two(tmp_path, "eu.files.cloud.example", 20, options=("--by", "name"))
    assert done.exit_code == ERROR
    assert done.stdout.startswith("NOT READ: interface bad: 20 of 20 packets could not be decoded")


def test_an_interface_that_could_not_be_read_is_no_all_clear_in_german(tmp_path):
    """The same in German."""
    done = read_two(tmp_path, "www.example.org", 20, options=("--language", "de"))
    words = " ".join(done.stdout.translate(BOX).split())
    assert words.startswith("NICHTS GESEHEN in dem, was lesbar war ")
    assert "Schnittstelle bad: 20 von 20 Paketen" in words


def test_few_packets_and_those_of_arp_leave_an_all_clear(tmp_path):
    """Nine packets that could not be decoded, or fifty of ARP, on an interface of their own."""
    arp = b"\xff" * 6 + b"\2" * 6 + b"\x08\x06" + bytes(46)
    for packet, count in ((wrapped, 9), (lambda _: arp, 50)):
        done = read_two(tmp_path, "www.example.org", count, packet=packet)
        words = " ".join(done.stdout.translate(BOX).split())
        assert done.exit_code == OK
        assert words.startswith("NOTHING SEEN No flow to a known vendor")


def test_a_report_with_an_interface_that_could_not_be_read_is_no_all_clear(tmp_path):
    """The page leads with what could not be read, in both languages, and the exit code is 1."""
    read_two(tmp_path, "www.example.org", 20)
    for language, headline in (
        ("en", " was seen in what could be read."),
        ("de", "In dem, was lesbar war, war kein Verkehr zu "),
    ):
        page = tmp_path / f"{language}.html"
        words = ["report", "--signatures", str(FOLDER / "signatures"), "--language", language]
        done = CliRunner().invoke(app, [*words, "--output", str(page), str(tmp_path / "capture.pcapng")])
        assert done.exit_code == ERROR, done.output
        text = page.read_text(encoding="utf-8")
        assert headline in text
