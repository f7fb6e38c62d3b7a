"""What a server shows of itself: anyone can copy a certificate, or send the first bytes of a protocol."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from netmon.monitor import Monitor
from netmon.places.declared import Declaration
from netmon.places.locator import Locator
from netmon.records import ClassifiedFlow
from netmon.signatures.match import compile_matcher
from netmon.verdict.policy import Policy
from netmon.verdict.subjects import Subjects
from tests.craft.golden_certificates import chain, opened
from tests.craft.golden_certificates import session as certified
from tests.craft.golden_payloads import REQUEST, RESPONSE, exchange
from tests.craft.scene import ELSEWHERE, MOSCOW, NAME, UPDATES
from tests.craft.talk import Sent
from tests.test_forged_dns import FORBID, SIGNATURES, SILENT, Side, feed

DECLARED = [Declaration("192.0.2.200/32", "RU", "Moscow", "a test", "a test")]
CONCERN = Policy(concerns={"cloud": frozenset({"RU"})})
NOT_MEANT = ("undecided", "name_unproven")
CERTIFICATE = certified(opened(ELSEWHERE, number=20), chain(NAME))


def judged(packets: Sequence[Sent], policy: Policy = SILENT, server: str = ELSEWHERE) -> ClassifiedFlow:
    """The flow with the server after these packets: in Moscow, as declared."""
    flows, _ = feed(packets, compile_matcher(SIGNATURES))
    [flow] = [flow for flow in flows if flow.server == server]
    return Monitor(SIGNATURES, Locator(SIGNATURES, DECLARED), policy, Subjects("DE")).classify(flow)


def verdict(seen: ClassifiedFlow) -> tuple[str, str]:
    assert seen.verdict is not None
    return seen.verdict.outcome, seen.verdict.reason


@pytest.mark.parametrize("policy", [CONCERN, FORBID], ids=["concern", "forbidden"])
@pytest.mark.parametrize(
    ("packets", "evidence"),
    [
        pytest.param(CERTIFICATE, "certificate", id="certificate"),
        pytest.param(exchange(0, b"", RESPONSE), "payload", id="first payload"),
    ],
)
def test_what_only_the_server_shows_accuses_nobody(
    packets: list[Sent], evidence: str, policy: Policy
) -> None:
    """The client stated no name and looked none up: it may have met anyone."""
    seen = judged(packets, policy)
    assert (seen.vendor, seen.flow.evidence, seen.flow.grounds) == ("cloud", evidence, "hearsay")
    assert seen.uncounted == "not_shown"
    if seen.flow.contact == "data":
        assert verdict(seen) == NOT_MEANT
    assert verdict(seen)[0] == "undecided"


def test_a_server_that_answers_anything_with_the_vendors_protocol_accuses_nobody() -> None:
    """The client sent data of its own, and the server the first bytes of the vendor's protocol."""
    for policy in (CONCERN, FORBID):
        seen = judged(exchange(0, b"GET", RESPONSE), policy)
        assert (seen.flow.evidence, seen.flow.grounds, seen.flow.contact) == ("payload", "hearsay", "data")
        assert verdict(seen) == NOT_MEANT


def test_the_clients_first_payload_is_its_own_word() -> None:
    """The client speaks the vendor's protocol, whoever answers and however."""
    for response in (RESPONSE, b"other"):
        seen = judged(exchange(0, REQUEST, response), CONCERN)
        assert (seen.flow.evidence, seen.flow.grounds) == ("payload", "own")
        assert verdict(seen) == ("unexpected", "country_of_concern")


@pytest.mark.parametrize(
    ("name", "grounds"), [(NAME, "own"), (UPDATES, "own"), ("www.example.net", "hearsay")]
)
def test_a_certificate_counts_if_the_client_looked_the_vendor_up(name: str, grounds: str) -> None:
    """Its own look-up of any name of the vendor for this address shows whom the client meant."""
    side = Side(name=name)
    seen = judged([side.query(1), side.answer(1.004), *CERTIFICATE])
    assert (seen.flow.evidence, seen.flow.grounds) == ("certificate", grounds)
    assert verdict(seen)[0] == ("unexpected" if grounds == "own" else "undecided")


def test_what_a_server_in_the_vendors_network_shows_counts() -> None:
    """There the address shows the vendor; evidence that says the same does not weaken the verdict."""
    shown = [
        certified(opened(MOSCOW, number=20), chain(NAME)),
        exchange(0, b"GET", RESPONSE, server=MOSCOW),
    ]
    for packets in shown:
        seen = judged(packets, FORBID, MOSCOW)
        assert (seen.vendor, seen.flow.grounds) == ("cloud", "own")
        assert verdict(seen)[0] == "forbidden"


def test_a_copied_certificate_acquits_nobody() -> None:
    """In the promised place as elsewhere: nothing verifies it, and the client looked no name up."""
    there = [Declaration("192.0.2.200/32", "CH", "Zurich", "a test", "a test")]
    flows, _ = feed(CERTIFICATE, compile_matcher(SIGNATURES))
    [flow] = flows
    seen = Monitor(SIGNATURES, Locator(SIGNATURES, there), SILENT, Subjects("DE")).classify(flow)
    assert verdict(seen) == NOT_MEANT
