"""A month of a network in every state that the report must show well: classified flows of sensors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec.structs import replace

from netmon.records import ClassifiedFlow, ConcernStanding, Fallback, Place, RoundTrip, Trips, Verdict, Vote
from tests.records import classified, flow

START_NS = int(datetime(2026, 9, 1, tzinfo=UTC).timestamp()) * 1_000_000_000
HOUR_NS = 3_600_000_000_000
DAYS = 30

ABROAD = (
    ("berlin", 52.52, 13.40), ("madrid", 40.42, -3.70), ("wien", 48.21, 16.37), ("roma", 41.90, 12.50),
    ("paris", 48.86, 2.35), ("warszawa", 52.23, 21.01), ("stockholm", 59.33, 18.07), ("lisboa", 38.72, -9.14),
    ("praha", 50.08, 14.44), ("athina", 37.98, 23.73), ("dublin", 53.35, -6.26), ("helsinki", 60.17, 24.94),
)  # fmt: skip
"""Where the sensors of the largest scene are."""


@dataclass
class Watch:
    """What one sensor saw."""

    sensor: str
    site: str | None = None
    latitude: float | None = 52.52
    longitude: float | None = 13.405
    interface: str = "eth1"
    flows: list[ClassifiedFlow] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    unnamed: dict[str, int] = field(default_factory=dict)
    filter: str = ""
    gaps: list[tuple[int, int]] = field(default_factory=list)  # hours from the start: from, until

    @property
    def packets(self) -> int:
        """Packets of its interface, of all vendors and none."""
        return 41_000_000


def _place(location: str, country: str, city: str, *not_in: str) -> Place:
    votes = (
        Vote("dbip", country, city, date="2026-08-05", prefix="198.51.100.0/24", provider="dbip"),
        Vote("geo_whois_asn", country, None, date="2026-08-17", provider="geo-whois-asn"),
        Vote("iptoasn", "CH", None, "registration", date="2026-08-17", provider="iptoasn"),
    )
    return Place(location, country, city, "agreed", votes, not_in=not_in)


ZURICH = _place("zurich", "CH", "Zürich", "RU")
FRANKFURT = _place("frankfurt", "DE", "Frankfurt am Main", "RU")
MOSCOW = _place("moscow", "RU", "Moscow")
AMSTERDAM = _place("amsterdam", "NL", "Amsterdam")
TRIPS = {
    place: Trips(RoundTrip(round(rtt_ms * 1e6), 40, START_NS, "unlikely"))
    for place, rtt_ms in ((ZURICH, 8.9), (FRANKFURT, 6.1), (MOSCOW, 41.3), (AMSTERDAM, 38.0))
}
DISPUTED = Place(
    "disputed", "disputed", None, "disputed",
    (Vote("dbip", "RU", "Moscow", date="2026-08-05"), Vote("geo_whois_asn", "CH", None, date="2026-08-17")),
    claims=("CH", "RU"),
)  # fmt: skip
UNKNOWN = Place("unknown", "unknown", None, "unknown")
SINGLE = replace(ZURICH, confidence="single", votes=ZURICH.votes[:1], not_in=())

PROMISED = Verdict("expected", "place_as_promised", "gti_complete")
ABROAD_VERDICT = Verdict("unexpected", "place_elsewhere", "gti_complete", severity="warning")
CRITICAL = Verdict("unexpected", "country_of_concern", severity="critical")
NOT_PROMISED = Verdict("undecided", "no_promise", lacks="promise")
DIFFERING = Verdict("undecided", "databases_disagree", lacks="place")
LONE = Verdict("undecided", "single_source", lacks="place")
NOWHERE = Verdict("undecided", "no_location", lacks="place")

_NAMES = {
    "reputation": "ksn-file-geo.kaspersky-labs.com",
    "updates": "dnl-07.geo.kaspersky.com",
    "activation": "activation-v2.kaspersky.com",
}
_ADDRESSES = {"zurich": 10, "frankfurt": 20, "moscow": 30, "amsterdam": 40, "disputed": 50, "unknown": 60}


def draw(*words: object) -> int:
    """A number below 2^32 that depends on the words only."""
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:4])


def see(
    watch: Watch, hours: range, component: str, place: Place, verdict: Verdict, sent: int, received: int
) -> None:
    """Lets a sensor see a flow in each of these hours, whose bytes vary by a third."""
    for hour in hours:
        number = len(watch.flows) + 1
        trips = TRIPS.get(place, Trips())
        luck = draw(watch.sensor, component, place.location, hour)
        start = START_NS + hour * HOUR_NS + luck % HOUR_NS
        share = 0.67 + luck % 1000 / 1500
        standing = "unknown"
        if "RU" in place.not_in:
            standing = "excluded"
        elif place.country == "RU":
            standing = "located"
        elif any(vote.country == "RU" for vote in place.votes):
            standing = "possible"
        one = classified(
            place,
            verdict,
            flow_id=number,
            client=f"192.0.2.{10 + luck % 23}",
            server=f"198.51.100.{_ADDRESSES[place.location] + luck % 3}",
            interface=watch.interface,
            name=_NAMES[component],
            matched=_NAMES[component],
            server_name=_NAMES[component],
            start_ns=start,
            last_ns=start + 1_000_000_000 + luck % 9_000_000_000,
            sent_bytes=int(sent * share),
            received_bytes=int(received * share),
            sent_packets=10,
            received_packets=12,
            rtt_ns=trips.own.min_ns if trips.own else None,
        )
        concerns = (ConcernStanding("RU", standing),)
        watch.flows.append(
            replace(
                one,
                vendor="kaspersky",
                component=component,
                status="community",
                concerns=concerns,
                trips=trips,
            )
        )


def ask(watch: Watch, hours: range, question: str, component: str | None = None) -> None:
    """Lets a sensor see DNS to a resolver that the products fall back to, in each of these hours."""
    for hour in hours:
        start = START_NS + hour * HOUR_NS + draw(watch.sensor, question, hour) % HOUR_NS
        asked = flow(
            flow_id=len(watch.flows) + 1,
            client=f"192.0.2.{10 + hour % 23}",
            server="8.8.8.8",
            server_port=53,
            transport="udp",
            start_ns=start,
            last_ns=start + 30_000_000,
            sent_bytes=74,
            received_bytes=138,
        )
        use = Fallback("kaspersky", "Google", question, component, "official")
        watch.flows.append(ClassifiedFlow(asked, fallbacks=(use,)))


EVERY = range(0, DAYS * 24, 3)


def office(watch: Watch) -> None:
    """An ordinary office, all of whose traffic goes where it was promised."""
    see(watch, EVERY, "reputation", ZURICH, PROMISED, 38_000, 61_000)
    see(watch, range(2, DAYS * 24, 6), "updates", ZURICH, PROMISED, 9_000, 310_000)


def promised() -> list[Watch]:
    """All as promised."""
    watch = Watch("berlin-1", "Berlin")
    office(watch)
    return [watch]


def moscow() -> list[Watch]:
    """Some connections to Moscow, some elsewhere, and some undecided."""
    watch = Watch("berlin-1", "Berlin")
    office(watch)
    see(watch, range(5, DAYS * 24, 12), "updates", FRANKFURT, NOT_PROMISED, 8_000, 260_000)
    see(watch, range(7, DAYS * 24, 14), "updates", DISPUTED, DIFFERING, 6_000, 120_000)
    see(watch, range(9, DAYS * 24, 30), "reputation", AMSTERDAM, ABROAD_VERDICT, 31_000, 55_000)
    see(watch, range(300, 420, 9), "reputation", MOSCOW, CRITICAL, 42_000, 18_000)
    ask(watch, range(310, 330, 4), "vendor", "reputation")
    ask(watch, range(12, DAYS * 24, 60), "other")
    watch.unnamed |= {"ech": 812, "encrypted_dns": 240, "not_tls": 15_310, "no_server_name": 4_020}
    watch.counters |= {"flows": 901_244, "encrypted_dns": 240}
    return [watch]


def undecided() -> list[Watch]:
    """Nothing can be decided."""
    watch = Watch("berlin-1", "Berlin", None, None)
    see(watch, EVERY, "reputation", SINGLE, LONE, 38_000, 61_000)
    see(watch, range(1, DAYS * 24, 8), "updates", DISPUTED, DIFFERING, 9_000, 310_000)
    see(watch, range(2, DAYS * 24, 11), "activation", UNKNOWN, NOWHERE, 4_000, 9_000)
    return [watch]


def poor_view() -> list[Watch]:
    """The mirror loses packets and one direction, and the sensor was off for two days."""
    watch = Watch("berlin-1", "Berlin", filter="not host 192.0.2.200", gaps=[(200, 250), (610, 613)])
    hours = [hour for hour in EVERY if not 200 <= hour < 250]
    for hour in hours:
        see(watch, range(hour, hour + 1), "reputation", ZURICH, PROMISED, 38_000, 61_000)
    see(watch, range(2, 200, 6), "updates", DISPUTED, DIFFERING, 9_000, 310_000)
    watch.counters |= {
        "dropped": 1_204_551, "undecoded_packets": 8_311_020, "connections": 730_112, "flows": 730_112,
        "one_way_connections": 212_400, "tcp_bytes": 18_400_000_000, "unseen_tcp_bytes": 3_100_000_000,
        "incomplete_hellos": 61_020, "cut_packets": 0,
    }  # fmt: skip
    watch.unnamed |= {"ech": 4_812, "no_hello_seen": 190_310, "started_before_sensor": 4_020}
    return [watch]


def nothing() -> list[Watch]:
    """No traffic of the vendor."""
    return [Watch("berlin-1", "Berlin")]


def fifty() -> list[Watch]:
    """Fifty sensors."""
    watches = []
    for number in range(50):
        city, latitude, longitude = ABROAD[number % len(ABROAD)]
        near = number // len(ABROAD) * 0.15
        watch = Watch(f"{city}-{number // len(ABROAD) + 1}", city.title(), latitude + near, longitude + near)
        step = 24 + number % 5 * 6
        see(watch, range(number % 24, DAYS * 24, step), "reputation", ZURICH, PROMISED, 38_000, 61_000)
        see(
            watch, range(number % 20, DAYS * 24, step * 2), "updates", FRANKFURT, NOT_PROMISED, 9_000, 310_000
        )
        if number % 7 == 0:
            see(watch, range(200 + number, 420, 40), "reputation", MOSCOW, CRITICAL, 42_000, 18_000)
        if number % 4 == 0:
            see(watch, range(9, DAYS * 24, 90), "reputation", AMSTERDAM, ABROAD_VERDICT, 31_000, 55_000)
        watches.append(watch)
    return watches


SCENES = {scene.__name__: scene for scene in (promised, moscow, undecided, poor_view, nothing, fifty)}


def all_flows(watches: list[Watch]) -> Iterator[tuple[Watch, ClassifiedFlow]]:
    """Every flow with its sensor, in the order of time."""
    pairs = [(watch, flow) for watch in watches for flow in watch.flows]
    yield from sorted(pairs, key=lambda pair: (pair[1].flow.start_ns, pair[0].sensor, pair[1].flow.flow_id))
