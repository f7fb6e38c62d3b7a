"""The list of scenarios. `docs/scenarios.md` shows it, and `test_scenarios.py` runs each one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netmon.records import Outcome
from tests.scenarios import traffic
from tests.scenarios.traffic import (
    ACTIVATION,
    CARRIER,
    DOWNLOAD,
    FILES,
    FRANKFURT,
    MAIL,
    MOSCOW,
    MOSCOW_ACTIVATION,
    MOSCOW_MAIL,
    MOSCOW_NAT64,
    REPUTATION,
    TORONTO_V6,
    UPDATES,
    UPLOAD,
    WEB_SITE,
    ZURICH,
    ZURICH_V6,
    capture,
    contact,
)

CLIENT, CLIENT_V6 = "10.0.0.17", "2001:db8:1::17"
VPN_CLIENT, US_CLIENT, ADMINISTRATION_SERVER = "10.8.0.7", "10.9.0.17", "10.0.0.5"
CLIENTS = (CLIENT, CLIENT_V6, VPN_CLIENT, US_CLIENT, ADMINISTRATION_SERVER)

GERMAN = "subject: {country: DE}\n"
BY_NETWORK = "subject:\n  networks: {10.0.0.0/16: DE, 10.9.0.0/16: US}\n"
RELAYED = """subject: {country: DE, inventory: {kaspersky: 4000}}
policy:
  relays:
    - {vendor: kaspersky, clients: 10.0.0.5/32, author: J. Doe, reason: administration server}
"""
PRIVATE_NETWORK = GERMAN + "policy: {forbidden_components: {kaspersky: [reputation]}}\n"

SOURCES = {
    "82.202.184.0/24": "CH/Zürich",
    "2a03:2480:8010::/48": "CH/Zürich",
    "2a03:2480:8032::/48": "CA/Toronto",
    "93.159.227.0/24": "DE/Frankfurt am Main",
    "77.74.176.0/22": "RU/Moscow",
    "93.159.228.0/22": "RU/Moscow",
    "91.103.66.0/24": "RU/Moscow",
    "117.41.246.36/32": "CN/Nanchang",
}
"""What a crafted database says, a second source beside the votes in the signatures."""

IN_RUSSIA = "Located in Russia by two sources."
UNSEEN = "cannot be seen from here."
ELSEWHERE = f"The first hop is in {{}}. Zürich was promised for processing; whether that was kept {UNSEEN}"
AS_PROMISED = (
    f"The first hop is in Zürich, as promised for processing; where the data is processed after that {UNSEEN}"
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A capture, a configuration, and what is right about its only flow to the vendor."""

    name: str
    story: str  # what happens
    packets: Callable[[], bytes]
    outcome: Outcome | None  # None: no flow of the vendor
    reason: str | None
    severity: str | None  # of a finding
    sentence: str  # in the event's explanation, the summary, or a warning beside it
    unknown: str  # what remains open
    config: str = GERMAN

    @property
    def exit_code(self) -> int:
        """3 for a finding from "warning" up."""
        return 3 if self.severity in ("warning", "critical") else 0


def findings(*rows: Scenario) -> tuple[Scenario, ...]:
    """The rows; their names are unique."""
    assert len({row.name for row in rows}) == len(rows)
    return rows


SCENARIOS = findings(
    Scenario(
        "File upload to Zürich, IPv6 only",
        "A client without IPv4 sends 180 kB to the reputation service, the only known channel for files.",
        lambda: capture(contact(CLIENT_V6, FILES, ZURICH_V6, UPLOAD)),
        "expected",
        "place_as_promised",
        None,
        AS_PROMISED,
        "Whether these were files, since only their size is seen, and whether Zürich passes them on.",
    ),
    Scenario(
        "File upload to Frankfurt",
        "A client in Germany sends 180 kB to a server in Frankfurt. Zürich was promised.",
        lambda: capture(contact(CLIENT, FILES, FRANKFURT, UPLOAD)),
        "unexpected",
        "place_elsewhere",
        "warning",
        ELSEWHERE.format("Frankfurt am Main"),
        "Where the data is processed. The promise is about that, and Frankfurt may be the first hop only.",
    ),
    Scenario(
        "File upload to Frankfurt, and the EU is tolerated",
        "The same flow, in an organisation that tolerates places in the EU.",
        lambda: capture(contact(CLIENT, FILES, FRANKFURT, UPLOAD)),
        "unexpected",
        "place_elsewhere",
        "notice",
        ELSEWHERE.format("Frankfurt am Main"),
        "Where the data is processed. The finding stays, but it is no alarm.",
        config=GERMAN + "policy: {tolerated: {kaspersky: [EU]}}\n",
    ),
    Scenario(
        "File upload to Toronto",
        "A client in Germany sends 180 kB to a server in Canada.",
        lambda: capture(contact(CLIENT_V6, FILES, TORONTO_V6, UPLOAD)),
        "unexpected",
        "place_elsewhere",
        "warning",
        ELSEWHERE.format("Toronto"),
        "Where the data is processed.",
    ),
    Scenario(
        "Updates from Moscow",
        "Nothing was promised about updates. The server is in a country of concern.",
        lambda: capture(contact(CLIENT, UPDATES, MOSCOW, DOWNLOAD)),
        "unexpected",
        "country_of_concern",
        "critical",
        f"{IN_RUSSIA} netmon treats Russia as a country of concern because of the BSI's warning of 2022",
        "What was sent with the request for updates.",
    ),
    Scenario(
        "Updates from Toronto",
        "Nothing was promised about updates, and Canada is no country of concern.",
        lambda: capture(contact(CLIENT_V6, UPDATES, TORONTO_V6, DOWNLOAD)),
        "undecided",
        "no_promise",
        None,
        "undecided, place known, nothing promised",
        "Whether the organisation accepts Canada: `policy.allowed` would say so.",
    ),
    Scenario(
        "Updates from a content delivery network",
        "The address is that of a carrier at which the vendor's updates were seen.",
        lambda: capture(contact(CLIENT, UPDATES, CARRIER, DOWNLOAD)),
        "undecided",
        "no_promise",
        None,
        "Edge of a third party (carrier in China): 1 flow; origin not seen.",
        "Where the edge has its data from. An edge that the signatures do not list is not recognised as one.",
    ),
    Scenario(
        "Activation in Russia",
        "Activation has no promise. Two sources place the server in Moscow.",
        lambda: capture(contact(CLIENT, ACTIVATION, MOSCOW_ACTIVATION)),
        "unexpected",
        "country_of_concern",
        "critical",
        IN_RUSSIA,
        "What was sent. The vendor lists codes and device identifiers.",
    ),
    Scenario(
        "NAT64 to Moscow",
        "A client without IPv4 reaches a server in Moscow by way of a translator.",
        lambda: capture(contact(CLIENT_V6, REPUTATION, MOSCOW_NAT64)),
        "unexpected",
        "country_of_concern",
        "critical",
        IN_RUSSIA,
        "What was sent. The place is as sure as over IPv4, whose address is part of the IPv6 address.",
    ),
    Scenario(
        "Explicit proxy",
        "The client asks a proxy on site for the vendor's name.",
        lambda: capture(traffic.through_proxy(CLIENT, REPUTATION, "10.0.0.8")),
        "undecided",
        "behind_proxy",
        None,
        "the flow goes to a proxy, and the destination behind it is not visible",
        "Where the proxy sent the data. Mirror the traffic behind the proxy as well.",
    ),
    Scenario(
        "TLS-inspecting firewall at 0.3 ms",
        "A firewall on site answers every handshake, even for one in Moscow. The sensor is in Frankfurt.",
        lambda: capture(
            traffic.answered_on_site(CLIENT_V6, 0.3, 20),
            contact(CLIENT, REPUTATION, MOSCOW, number=21, rtt_ms=0.3),
        ),
        "unexpected",
        "country_of_concern",
        "critical",
        "unrelated destinations are equally near: a middlebox seems to answer handshakes, so no round trip "
        "excludes a place",
        "How far the server is. The firewall's answer in 0.3 ms says nothing about it, and clears nobody.",
        config=GERMAN + "sensor: {latitude: 50.11, longitude: 8.68}\n",
    ),
    Scenario(
        "Sources for Zürich, and a round trip that excludes it",
        "The sensor is in Hamburg, the server answers in 1.2 ms: too soon for light to return from Zürich.",
        lambda: capture(contact(CLIENT, FILES, ZURICH, UPLOAD, rtt_ms=1.2)),
        "undecided",
        "rtt_excludes_promise",
        None,
        "the server answered faster than light could return from the promised place",
        "What is wrong: the sources, the sensor's position, or a device nearby that answers for the server.",
        config=GERMAN + "sensor: {latitude: 53.55, longitude: 9.99}\n",
    ),
    Scenario(
        "VPN users abroad",
        "The users of a VPN pool are in several countries, so the pool is not listed.",
        lambda: capture(contact(VPN_CLIENT, FILES, FRANKFURT, UPLOAD)),
        "undecided",
        "subject_unknown",
        None,
        "No country-specific promise was applied to clients in no listed network: add their networks to "
        "subject.networks, unless their users are in several countries.",
        "In which country the user is. Concerns are judged, and what bypasses the tunnel is not seen.",
        config=BY_NETWORK,
    ),
    Scenario(
        "US subsidiary through a German exit",
        "Clients in the United States leave for the Internet in Germany.",
        lambda: capture(contact(US_CLIENT, FILES, ZURICH, UPLOAD)),
        "undecided",
        "service_ended",
        None,
        "the vendor says that it has ended this service for our users",
        "Why there is traffic although the vendor has ended the service for users in the United States.",
        config=BY_NETWORK,
    ),
    Scenario(
        "Sinkhole",
        "The vendor is forbidden, and the resolver answers with an address on site that accepts connections.",
        lambda: capture(contact(CLIENT, REPUTATION, "10.0.0.99", rtt_ms=0.5)),
        "undecided",
        "sinkholed",
        None,
        "the address is not reachable over the Internet, so the flow was probably redirected",
        "Nothing. The filter works, and the attempt shows that a product is still installed.",
        config=GERMAN + "policy: {forbidden_vendors: [kaspersky]}\n",
    ),
    Scenario(
        "Firewall drops",
        "The vendor is forbidden, and the firewall drops the connection to Moscow.",
        lambda: capture(traffic.attempts(CLIENT, REPUTATION, MOSCOW)),
        "undecided",
        "no_contact",
        None,
        "no data was exchanged with the server",
        "Nothing. The firewall works, and the attempt shows that a product is still installed.",
        config=GERMAN + "policy: {forbidden_vendors: [kaspersky]}\n",
    ),
    Scenario(
        "Relay for 4,000 endpoints",
        "Only the administration server contacts the vendor.",
        lambda: capture(contact(ADMINISTRATION_SERVER, FILES, ZURICH, UPLOAD)),
        "expected",
        "place_as_promised",
        None,
        "Clients of kaspersky: 1 seen of 4,000 in the inventory. "
        "1 relay; the endpoints behind it are not visible.",
        "What the endpoints sent to the relay, and whether all of them use it.",
        config=RELAYED,
    ),
    Scenario(
        "An endpoint bypasses the relay",
        "Another client contacts the vendor itself, even though the flow ends where it was promised.",
        lambda: capture(contact(CLIENT, FILES, ZURICH, UPLOAD)),
        "unexpected",
        "bypasses_relay",
        "warning",
        "the policy names relays for this, and the client is none of them",
        "Whether the endpoint is set up wrongly, or is one that is not managed.",
        config=RELAYED,
    ),
    Scenario(
        "Private reputation network, yet cloud contact",
        "The organisation runs a private reputation network, so the cloud's must not be contacted.",
        lambda: capture(contact(CLIENT, REPUTATION, ZURICH)),
        "forbidden",
        "policy_forbids_component",
        "warning",
        "Your policy forbids any contact with this component, wherever it ends.",
        "What was sent.",
        config=PRIVATE_NETWORK,
    ),
    Scenario(
        "Private reputation network, and updates",
        "Updates are not forbidden with it.",
        lambda: capture(contact(CLIENT_V6, UPDATES, TORONTO_V6, DOWNLOAD)),
        "undecided",
        "no_promise",
        None,
        "undecided, place known, nothing promised",
        "Whether the organisation accepts Canada.",
        config=PRIVATE_NETWORK,
    ),
    Scenario(
        "Browser on the vendor's Russian web site",
        "Someone reads the vendor's web pages, which are in Moscow.",
        lambda: capture(contact(CLIENT, WEB_SITE, MOSCOW)),
        "unexpected",
        "country_of_concern",
        "notice",
        IN_RUSSIA,
        "Who reads them, and why. It does not show that a product is installed.",
    ),
    Scenario(
        "Mail gateway receives mail from the vendor",
        "A mail server of the vendor connects to the gateway, which looks its name up.",
        lambda: capture(
            traffic.look_up("10.0.0.25", MAIL, MOSCOW_MAIL),
            traffic.mail(MOSCOW_MAIL, "10.0.0.25", "mail.example.org"),
        ),
        None,
        None,
        None,
        "Only DNS queries for names of known vendors were seen, as said above, and no flow.",
        "Nothing. A look-up is no contact, and the vendor's server is the client here.",
    ),
    Scenario(
        "Mail gateway sends mail to the vendor",
        "The gateway delivers a message to a mail server of the vendor in Moscow.",
        lambda: capture(
            traffic.look_up("10.0.0.25", MAIL, MOSCOW_MAIL), traffic.mail("10.0.0.25", MOSCOW_MAIL, MAIL)
        ),
        "unexpected",
        "country_of_concern",
        "critical",
        IN_RUSSIA,
        "Who wrote what, which the gateway's log knows. `policy.allowed` permits it for this component.",
    ),
)
