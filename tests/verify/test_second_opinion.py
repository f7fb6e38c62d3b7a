"""A second opinion reports every change that is made to netmon's records."""

import dataclasses
import os
import shutil
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from netmon.sources.files import FileSource
from netmon.verify.frames import time_ns
from netmon.verify.second_opinion import get_opinion
from netmon.verify.show import as_json, lines
from tests.check_captures import CAPTURES
from tests.craft.golden_certificates import UPDATES, chain, opened, session
from tests.craft.packets import ipv4
from tests.craft.scene import connection, ethernet_file, flight
from tests.craft.talk import split
from tests.machine import ROOT, need

FILE = str(CAPTURES / "nDPI" / "teams.pcap")
REQUEST = 85  # the packet of the only request in 6in4tunnel.pcap
CERTIFICATE = 19  # the packet that completes the server's certificate in imap-starttls.pcap


REPEATING_TSHARK = """#!/bin/sh
output=$0.$(printf '%s\\n' "$@" | sha256sum | cut -c 1-16)
if [ ! -e "$output" ]; then
    {tshark} "$@" >"$output.new" || exit
    mv "$output.new" "$output"
fi
exec cat "$output"
"""


@pytest.fixture(scope="module")
def _tshark(tmp_path_factory):
    """A tshark that runs once for equal arguments: only netmon's records change between tests."""
    need("tshark")
    program = tmp_path_factory.mktemp("bin") / "tshark"
    program.write_text(REPEATING_TSHARK.format(tshark=shutil.which("tshark")), encoding="ascii")
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(program.parent), prepend=os.pathsep)
        yield


@pytest.fixture
def opinion(_tshark):
    """The opinion on a capture, of which each flow and each DNS message can be changed."""

    def opinion(file=FILE, flow=lambda record: record, dns=lambda record: record):
        def read_records(source):
            for batch in FileSource.batches(source):
                flows = [changed for record in batch.flows if (changed := flow(record)) is not None]
                messages = [changed for record in batch.dns if (changed := dns(record)) is not None]
                yield replace(batch, flows=flows, dns=messages)

        return get_opinion(file, lambda *_: None, read_records)

    return opinion


def changed(port, **changes):
    """Changes the flow of the client with this port."""
    return lambda record: replace(record, **changes) if record.client_port == port else record


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"server_name": "other.example"}, {"other"}),
        ({"server_name": None}, {"more"}),
        ({"client": "203.0.113.9"}, {"other", "more", "unread"}),
        ({"sent_packets": 1}, {"other"}),
        ({"alpn": ("other",)}, {"other"}),
    ],
)
def test_what_a_difference_means(opinion, change, kinds):
    """What tshark dissects otherwise is a contradiction, also a flow that it does not see."""
    assert {one.kind for one in opinion(flow=changed(60543, **change)).differences} == kinds


def test_what_tshark_does_not_look_into_contradicts_nothing(opinion):
    """With the protocols that it shows instead."""
    found = opinion(golden("tagged_by_the_mirror")).differences
    assert {(one.kind, one.shown) for one in found} == {("unread", "eth:ethertype:data")}


def test_a_name_of_a_quic_connection_that_moved(opinion):
    """The hello came from another port: tshark tells by the number of the connection."""
    assert opinion(golden("quic_rebinding")).differences == ()
    changes = {"server_name": "other.example"}
    found = opinion(golden("quic_rebinding"), flow=changed(50777, **changes)).differences
    assert [(one.kind, one.wireshark) for one in found] == [("other", ("eu.files.cloud.example",))]


def test_unchanged_records_are_equal(opinion):
    """Without a change, there is no difference."""
    assert opinion().differences == ()


def test_another_name(opinion):
    """A wrong name is reported with the packets of the flow and both names."""
    [found] = opinion(flow=changed(60543, server_name="other.example")).differences
    assert found.over == "tcp"
    assert found.endpoints == ("192.168.1.6", 60543, "52.114.77.33", 443)
    assert (found.wireshark, found.netmon) == (("mobile.pipe.aria.microsoft.com",), ("other.example",))
    first, last = found.packets
    assert 1 <= first <= last <= 1540


def test_a_missing_name(opinion):
    """A missing name is reported with the one packet in which Wireshark shows the ClientHello."""
    [found] = opinion(flow=changed(60543, server_name=None)).differences
    assert found.netmon == ()
    assert found.packets[0] == found.packets[1]


@pytest.mark.parametrize("what", ["sent_packets", "sent_bytes", "received_packets", "received_bytes"])
def test_one_packet_or_byte_too_many(opinion, what):
    """A count that differs by one is reported with the packets of the flow and both counts."""

    def flow(record):
        if record.client_port != 60543:
            return record
        return replace(record, **{what: getattr(record, what) + 1})

    [found] = opinion(flow=flow).differences
    assert found.over == "flow"
    assert len(found.wireshark) == len(found.netmon) == 1
    assert found.wireshark != found.netmon
    assert found.packets[0] < found.packets[1]


def test_a_missing_flow(opinion):
    """For a flow that netmon does not report, Wireshark alone has a name, a ClientHello and counts."""
    found = opinion(flow=lambda record: None if record.client_port == 60543 else record).differences
    assert [(each.over, each.netmon) for each in found] == [("flow", ()), ("hello", ()), ("tcp", ())]


def test_an_invented_flow(opinion):
    """A flow that only netmon reports is listed with the packets at its times."""

    def flow(record):
        return (
            replace(record, client="203.0.113.9", server_name=None) if record.client_port == 60543 else record
        )

    theirs, ours, *_ = sorted(
        (each for each in opinion(flow=flow).differences if each.over == "flow"), key=lambda each: each.netmon
    )
    assert theirs.netmon == ours.wireshark == ()
    assert ours.endpoints[0] == "203.0.113.9"
    assert ours.packets == theirs.packets


@pytest.mark.parametrize("name", ["other.example", None])
def test_another_or_a_missing_host(opinion, name):
    """A wrong or missing host is reported with the packet of the request and both hosts."""
    other = {"name": name, "evidence": "http_host" if name else "none"}
    file = str(CAPTURES / "nDPI" / "6in4tunnel.pcap")
    [found] = opinion(file, flow=changed(41538, **other)).differences
    assert found.over == "http"
    assert found.endpoints[1::2] == (41538, 80)
    assert (found.wireshark, found.netmon) == (("mail.tomasu.net",), (name,) if name else ())
    assert name or found.packets == (REQUEST, REQUEST)


@pytest.mark.parametrize(
    "other",
    [
        {"certificate_subject": "other.example"},
        {"certificate_issuer": "C=DE, CN=Other"},
        {"certificate_names": ("imap.gmx.net",)},
        {"certificate_issuer": None},
    ],
)
def test_another_or_a_missing_certificate(opinion, other):
    """A wrong or missing certificate is reported with its packets and what each program read."""
    file = str(CAPTURES / "nDPI" / "imap-starttls.pcap")
    [found] = opinion(file, flow=changed(49640, **other)).differences
    assert found.over == "x509"
    assert found.endpoints == ("192.168.17.53", 49640, "212.227.17.186", 143)
    assert found.wireshark != found.netmon
    assert found.wireshark[0].startswith("subject imap.gmx.net issuer C=DE, O=T-Systems International GmbH, ")
    assert found.wireshark[0].endswith(", CN=TeleSec ServerPass DE-1 names imap.gmx.de,imap.gmx.net")
    first, last = found.packets
    assert first <= CERTIFICATE <= last
    if other == {"certificate_issuer": None}:
        assert (found.netmon, last) == ((), CERTIFICATE)


def test_a_certificate_where_the_client_names_the_server(opinion):
    """A certificate that netmon should not have read, as the ClientHello has a name, is reported."""
    other = {"certificate_subject": "a.example", "certificate_issuer": "CN=b"}
    [found] = opinion(flow=changed(60543, **other)).differences
    assert (found.over, found.wireshark) == ("x509", ())
    assert found.netmon == ("subject a.example issuer CN=b names -",)


def test_another_dns_answer(opinion):
    """A wrong DNS answer is reported with both answers and the packet of the message."""

    def dns(record):
        answers = tuple((name, kind, ttl + 1, data) for name, kind, ttl, data in record.answers[:1])
        return replace(record, answers=answers + record.answers[1:])

    file = str(CAPTURES / "zeek" / "dns-https.pcap")
    [found] = opinion(file, dns=dns).differences
    assert found.over == "dns"
    assert found.packets == (2, 2)
    assert len(found.wireshark) == len(found.netmon) == 1


def test_a_difference_as_text_and_as_json(opinion):
    """Both formats have the same content."""
    seen = opinion(flow=changed(60543, server_name="other.example"))
    head, theirs, ours, *rest = lines(seen)
    assert head.endswith(": tcp 192.168.1.6:60543 → 52.114.77.33:443")
    assert (theirs, ours) == ("  Wireshark: mobile.pipe.aria.microsoft.com", "  netmon:    other.example")
    assert rest[-1] == "1 difference"
    [found] = as_json(seen)["differences"]
    assert found["destination"] == {"ip": "52.114.77.33", "port": 443}
    assert (found["wireshark"], found["netmon"]) == (["mobile.pipe.aria.microsoft.com"], ["other.example"])
    assert found["first_packet"] <= found["last_packet"]


def test_times_beyond_those_of_the_engine_count_as_its_last_one():
    """A pcapng file can have later times than 64 bits of nanoseconds hold; the comparison goes on."""
    assert time_ns({"frame.time_epoch": ["18446744073.709551614"]}) == 2**64 - 2
    assert time_ns({"frame.time_epoch": ["1.\N{SUPERSCRIPT TWO}"]}) == 0
    assert time_ns({"frame.time_epoch": ["36893488147.419103232"]}) == 2**64 - 1


def in_ipv4(packet):
    """6in4: a packet of IPv6 in one of IPv4."""
    return ipv4(ip_address("192.0.2.240"), ip_address("192.0.2.241"), 41, packet)


def golden(name):
    """A golden capture."""
    return str(ROOT / "tests" / "golden" / name / "input.pcap")


@pytest.mark.parametrize("name", ["http_connect", "socks", "proxy_headers"])
def test_names_behind_other_headers_are_confirmed(opinion, name):
    """Of hellos in segments of any order, HTTP requests, and hosts in the headers themselves."""
    found = opinion(golden(name))
    assert found.differences == ()
    assert found.equal["flow"] == found.equal["tcp"] + found.equal["http"]
    [count] = [line for line in lines(found) if "alone" in line] or [None]
    flows = {"http_connect": 0, "socks": 1, "proxy_headers": 2}[name]
    assert as_json(found)["behind"] == flows
    assert (count is None) == (flows == 0)
    assert count is None or count.endswith(f"names of {flows} flow{'s' if flows > 1 else ''}")


@pytest.mark.parametrize(
    ("name", "port", "field", "said"),
    [
        ("socks", 50_000, "server_name", "eu.files.cloud.example"),
        ("proxy_headers", 50_001, "server_name", "eu.files.cloud.example"),
        ("socks", 50_003, "name", "updates.cloud.example"),
        ("socks", 50_004, "name", "eu.files.cloud.example"),
        ("proxy_headers", 50_002, "name", "eu.files.cloud.example"),
    ],
)
def test_a_wrong_name_behind_other_headers_is_a_difference(opinion, name, port, field, said):
    """With what Wireshark reads there."""
    found = opinion(golden(name), flow=changed(port, **{field: "other.example"}))
    [one] = [each for each in found.differences if each.over in ("tcp", "http")]
    assert (one.wireshark, one.netmon) == ((said,), ("other.example",))


@pytest.mark.parametrize("wrap", [lambda packet: packet, in_ipv4], ids=["ipv6", "6in4"])
def test_names_behind_a_proxy_of_ipv6(opinion, tmp_path, wrap):
    """The hello comes in two segments, one of them twice, and the proxy's answer is not in the capture."""
    talk = connection("2001:db8:c::80", 3128, client="2001:db8:1::10")
    talk.open()
    talk.send(b"CONNECT proxied.example:443 HTTP/1.1\r\n\r\n")
    talk.send(flight("inside.example"), split(flight("inside.example"), 100))
    talk.sent.insert(-2, talk.sent[-2])
    capture = tmp_path / "v6.pcap"
    capture.write_bytes(
        ethernet_file([dataclasses.replace(one, packet=wrap(one.packet)) for one in talk.sent])
    )
    found = opinion(str(capture))
    assert found.differences == ()
    assert found.equal["tcp"] == 1


@pytest.fixture
def mail(tmp_path):
    """STARTTLS without the server's replies, and a certificate in segments in reverse order."""
    talk = opened(port=25)
    talk.mss = 300
    talk.receive(b"220 mail ESMTP\r\n")
    talk.send(b"EHLO client.example\r\nSTARTTLS\r\n")
    talk.receive(b"250 STARTTLS\r\n220 go\r\n")
    replies = [one for one in talk.sent if not one.up and b"250 " in one.packet]
    sent = session(talk, chain(UPDATES, [UPDATES]))
    flight = [one for one in sent if not one.up and len(one.packet) > 300]
    turned = [
        dataclasses.replace(one, packet=other.packet) for one, other in zip(flight, flight[::-1], strict=True)
    ]
    capture = tmp_path / "mail.pcap"
    others = [one for one in sent if one not in flight and one not in replies]
    capture.write_bytes(ethernet_file(sorted([*others, *turned], key=lambda one: one.time_ns)))
    return str(capture)


def test_a_certificate_behind_missing_replies_is_confirmed(opinion, mail):
    """tshark gets the server's bytes from its hello on."""
    found = opinion(mail)
    assert (found.differences, found.equal["x509"], found.behind) == ((), 1, 1)


def test_a_wrong_certificate_behind_missing_replies_is_a_difference(opinion, mail):
    """With what Wireshark reads there."""
    [one] = opinion(mail, flow=changed(50_000, certificate_subject="other.example")).differences
    assert one.over == "x509"
    assert one.wireshark[0].startswith(f"subject {UPDATES} ")
    assert one.netmon[0].startswith("subject other.example ")
