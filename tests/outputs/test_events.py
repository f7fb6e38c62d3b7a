"""Events: ECS documents as JSON lines, field by field."""

import io
import json

import pytest
from msgspec.structs import replace

from netmon.outputs.ecs import timestamp
from netmon.outputs.events import Events
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy
from netmon.records import ClassifiedFlow, Verdict
from netmon.signatures.model import Location
from tests.records import ANSWER, DISPUTED, MOSCOW, QUERY, START_NS, UNDECIDED, UNEXPECTED, classified, flow

LOCATIONS = {"zurich": Location("zurich", "Zurich", "CH", 47.377, 8.542)}
KEY = bytes(32)


@pytest.fixture
def written():
    """The lines written for records at a privacy level."""

    def written(*records, level=ADDRESS, observer=None, **options):
        stream = io.StringIO()
        events = Events(stream, Privacy(level, KEY), LOCATIONS, observer, **options)
        for record in records:
            if isinstance(record, ClassifiedFlow):
                events.flow(record)
            else:
                events.dns(record)
        events.flush()
        return stream.getvalue().split("\n")[:-1]

    return written


@pytest.fixture
def event(written):
    """The only event written for a record."""

    def event(record, **options):
        [line] = written(record, **options)
        return json.loads(line)

    return event


def test_flow_of_a_vendor(event):
    """Everything known about a flow is in the fields that ECS defines, the rest under `netmon`."""
    assert event(classified(), observer=Observer("perimeter", "Berlin", "cafe")) == {
        "@timestamp": "2023-11-14T22:13:22.623456Z",
        "ecs": {"version": "9.0.0"},
        "event": {
            "id": "e4c8d23c609d810cee34128e3b502ad2",
            "kind": "event",
            "category": ["network"],
            "type": ["connection", "end"],
            "dataset": "netmon.flow",
            "start": "2023-11-14T22:13:20.123456Z",
            "end": "2023-11-14T22:13:22.623456Z",
            "duration": 2_500_000_000,
        },
        "observer": {"type": "sensor", "product": "netmon", "name": "perimeter", "geo": {"name": "Berlin"}},
        "network": {
            "transport": "tcp",
            "type": "ipv4",
            "bytes": 3000,
            "packets": 22,
            "community_id": "1:20SpjmbTBfS0P3Kqt3oQFgu24RI=",
        },
        "source": {"ip": "192.0.2.17", "port": 49152, "bytes": 1000, "packets": 10},
        "destination": {
            "ip": "198.51.100.5",
            "port": 443,
            "bytes": 2000,
            "packets": 12,
            "domain": "files.acme.example",
            "geo": {
                "country_iso_code": "CH",
                "city_name": "Zurich",
                "location": {"lat": 47.377, "lon": 8.542},
            },
        },
        "tls": {"client": {"server_name": "files.acme.example"}},
        "netmon": {
            "run": "cafe",
            "flow_id": 7,
            "phase": "end",
            "end_reason": "fin",
            "contact": "data",
            "vendor": "acme",
            "component": "files",
            "signature_status": "official",
            "evidence": "sni",
            "alpn": ["h2", "http/1.1"],
            "tls_versions": ["1.3", "1.2"],
            "ja4": "t13d1516h2_8daaf6152771_e5627efa2ab1",
            "rtt_min_ms": 12.346,
            "answer_rtt_ms": 12.4,
            "verdict": "expected",
            "reason": "place_as_promised",
            "promise": "files_in_zurich",
            "place": {
                "location": "zurich",
                "country": "CH",
                "confidence": "agreed",
                "votes": [
                    {"source": "db_one", "country": "CH", "city": "Zurich", "about": "location"},
                    {"source": "db_two", "country": "CH", "about": "location"},
                ],
                "steps": [],
            },
        },
    }


def test_flow_that_was_tagged(event):
    """A flow that continues has a start and no end yet."""
    found = event(classified(phase="open", end_reason=None))
    assert found["event"]["type"] == ["connection", "start"]
    assert {"end", "duration"} & found["event"].keys() == set()
    assert found["netmon"]["phase"] == "open"


def test_an_identifier_is_that_of_the_report(written):
    """The same report has the same identifier; another phase, time, flow, run or sensor has another one."""

    def identifier(sensor="a", run="1", **fields):
        [line] = written(classified(**fields), observer=Observer(sensor, "", run), with_updates=True)
        return json.loads(line)["event"]["id"]

    others = [
        {"sensor": "b"},
        {"run": "2"},
        {"flow_id": 8},
        {"phase": "open"},
        {"phase": "update"},
        {"last_ns": START_NS},
    ]
    found = [identifier(), *(identifier(**fields) for fields in others)]
    assert len(set(found)) == len(found)
    assert identifier() == identifier(client="192.0.2.99", sent_bytes=3)


def test_equal_dns_messages_have_identifiers_of_their_own(written):
    """A message that is sent again is another event."""
    first, second = (json.loads(line)["event"]["id"] for line in written(QUERY, QUERY))
    assert first != second


def test_updates_are_written_where_they_are_asked_for(event):
    """A stream that wants the totals so far gets the reports in between."""
    update = event(classified(phase="update"), with_updates=True)
    assert update["event"]["type"] == ["connection", "info"]
    assert update["source"]["bytes"] == 1000


def test_updates_are_not_written(written):
    """Interim reports between the tag and the end of a flow only update counters."""
    assert written(classified(phase="update")) == []


@pytest.mark.parametrize(
    ("severity", "kind", "number"),
    [("critical", "alert", 99), ("warning", "alert", 47), ("notice", "event", 21), (None, "event", None)],
)
def test_findings_of_at_least_a_warning_are_alerts(event, severity, kind, number):
    """The severity is a number of ECS and a word of netmon; a notice is an event."""
    verdict = replace(UNEXPECTED, severity=severity) if severity else UNDECIDED
    found = event(classified(MOSCOW, verdict))
    assert found["event"]["kind"] == kind
    assert found["event"].get("severity") == number
    assert found["netmon"].get("severity") == severity


@pytest.mark.parametrize("level", [ADDRESS, PSEUDONYM, NETWORK, NOTHING])
def test_an_exception_of_the_policy_is_reported(event, level):
    """The event has the excepted reason and its last day; it is no alert, and does not name the clients."""
    excepted = Verdict("expected", "policy_exception", "files_in_zurich", "place_elsewhere", "2027-01-31")
    found = event(classified(MOSCOW, excepted), level=level)
    assert found["event"]["kind"] == "event"
    assert found["netmon"]["reason"] == "policy_exception"
    assert found["netmon"]["exception"] == {"lifts": "place_elsewhere", "until": "2027-01-31"}


def test_new_destinations_are_reported(event):
    """Network, country or both are reported in an event, not an alert; nothing is if nothing is new."""
    one = replace(classified(), new_destination=("network", "country"))
    assert event(one)["netmon"]["new_destination"] == ["network", "country"]
    assert event(one)["event"]["kind"] == "event"
    assert "new_destination" not in event(classified())["netmon"]


def test_a_place_that_is_not_known_has_no_geo(event):
    """If the sources disagree, no country is written, but every vote is."""
    found = event(classified(DISPUTED, UNDECIDED))
    assert "geo" not in found["destination"]
    assert [vote["country"] for vote in found["netmon"]["place"]["votes"]] == ["RU", "CH"]


def test_flow_of_no_vendor(event):
    """The event has no vendor, place or verdict."""
    found = event(ClassifiedFlow(flow(signature=None, matched=None)))["netmon"]
    assert {"vendor", "component", "place", "verdict", "reason"} & found.keys() == set()


def test_flow_without_name(event):
    """The event has the reason instead of the name."""
    nameless = flow(name=None, server_name=None, evidence="none", reason="not_tls", matched=None)
    found = event(ClassifiedFlow(nameless))
    assert "domain" not in found["destination"]
    assert "tls" not in found
    assert (found["netmon"]["evidence"], found["netmon"]["unnamed_reason"]) == ("none", "not_tls")


def test_interface_is_that_of_the_observer(event):
    """The capture interface is the observer's ingress."""
    assert event(classified(interface="eth1"))["observer"]["ingress"] == {"interface": {"name": "eth1"}}


def test_ipv6(event):
    """An IPv6 flow has that network type."""
    found = event(classified(client="2001:db8::1", server="2001:db8::2"))
    assert (found["network"]["type"], found["source"]["ip"]) == ("ipv6", "2001:db8::1")


@pytest.mark.parametrize(
    ("level", "source"),
    [
        (PSEUDONYM, {"address": "client-9b5cceca8410782c", "port": 49152}),
        (NETWORK, {"address": "192.0.2.0/24", "port": 49152}),
        (NOTHING, {}),
    ],
)
def test_masked_client(written, event, level, source):
    """A masked client is in no field, and neither is a hash of its address."""
    found = event(classified(), level=level)
    assert {key: found["source"][key] for key in found["source"].keys() - {"bytes", "packets"}} == source
    assert "community_id" not in found["network"]
    assert "192.0.2.17" not in written(classified(), level=level)[0]


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (ADDRESS, "192.0.2.17"),
        (PSEUDONYM, "client-9b5cceca8410782c"),
        (NETWORK, "192.0.2.0/24"),
        (NOTHING, None),
    ],
)
def test_client_that_answered_is_masked(event, level, shown):
    """A client that is a resolver as well, and sent the DNS answer, is shown as a client there too."""
    record = classified(client="192.0.2.17", answered_by="192.0.2.17", answer_ns=START_NS)
    assert event(record, level=level)["netmon"]["dns_answer"].get("from") == shown


def test_dns_query(event):
    """The event of a query has its question."""
    assert event(QUERY) == {
        "@timestamp": "2023-11-14T22:13:20.123456Z",
        "ecs": {"version": "9.0.0"},
        "event": {
            "id": "87573c132a8cb67be0c236cf039fac4f",
            "kind": "event",
            "category": ["network"],
            "type": ["protocol", "info"],
            "dataset": "netmon.dns",
        },
        "observer": {"type": "sensor", "product": "netmon", "name": "netmon"},
        "network": {"transport": "udp", "protocol": "dns"},
        "source": {"ip": "192.0.2.17", "port": 50000},
        "destination": {"ip": "192.0.2.53", "port": 53},
        "dns": {
            "type": "query",
            "id": "4711",
            "op_code": "QUERY",
            "question": {"name": "files.acme.example", "type": "A"},
        },
    }


def test_dns_answer(event):
    """The event of a response has its records."""
    found = event(ANSWER)
    assert found["dns"] == {
        "type": "answer",
        "id": "4711",
        "op_code": "QUERY",
        "response_code": "NOERROR",
        "question": {"name": "files.acme.example", "type": "A"},
        "answers": [
            {"name": "files.acme.example", "type": "CNAME", "ttl": 60, "data": "edge.example"},
            {"name": "edge.example", "type": "A", "ttl": 30, "data": "198.51.100.5"},
        ],
    }


@pytest.mark.parametrize("level", [PSEUDONYM, NETWORK, NOTHING])
@pytest.mark.parametrize("record", [QUERY, ANSWER])
def test_dns_client_is_masked(written, record, level):
    """The client is masked in queries and responses; the server is not."""
    [line] = written(record, level=level)
    assert "192.0.2.17" not in line
    assert json.loads(line)["source" if record.response else "destination"]["ip"] == "192.0.2.53"


@pytest.mark.parametrize(("rcode", "text"), [(3, "NXDOMAIN"), (16, "BADVERS"), (23, "BADCOOKIE"), (77, "77")])
def test_dns_response_codes(event, rcode, text):
    """Response codes have their IANA names, including those of EDNS; others are numbers."""
    assert event(replace(ANSWER, rcode=rcode))["dns"]["response_code"] == text


@pytest.mark.parametrize("kind", ["mdns", "llmnr"])
def test_device_names_are_written_with_addresses_only(written, kind):
    """mDNS and LLMNR reveal the owners of devices, so they are written at level 0 only."""
    message = replace(QUERY, kind=kind)
    assert len(written(message)) == 1
    assert written(message, level=PSEUDONYM) == []


def test_same_records_same_bytes(written):
    """The same records give the same bytes, keys in the same order."""
    assert written(classified(), QUERY, ANSWER) == written(classified(), QUERY, ANSWER)


def test_one_object_per_line(written):
    """An event is one line, whatever characters a name contains."""
    lines = written(classified(name="a\nb\u2028c"), QUERY)
    assert len(lines) == 2
    assert json.loads(lines[0])["destination"]["domain"] == "a\nb\u2028c"


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (START_NS, "2023-11-14T22:13:20.123456Z"),
        (4_294_967_295_999_999_999, "2106-02-07T06:28:15.999999Z"),
        (2**64 - 1, "2554-07-21T23:34:33.709551Z"),
    ],
)
def test_timestamp(time_ns, text):
    """RFC 3339 in UTC, truncated to microseconds, up to the latest time that a capture can hold."""
    assert timestamp(time_ns) == text
