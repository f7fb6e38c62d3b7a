"""Whether a flow's name was resolved to its address by those whose look-ups count, and what that acquits."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from netmon.monitor import Monitor
from netmon.places.declared import Declaration
from netmon.places.locator import Locator
from netmon.records import ClassifiedFlow
from netmon.signatures.match import compile_matcher
from netmon.verdict.subjects import Subjects
from tests.craft import dns
from tests.craft.scene import NAME, RESOLVER, START_NS
from tests.craft.talk import SECOND_NS, Sent
from tests.test_forged_dns import (
    ELSEWHERE,
    OTHER_CLIENT,
    PORT,
    SIGNATURES,
    SILENT,
    STRAY,
    TRUE,
    UNRELATED,
    Side,
    feed,
    look_up,
    over_tcp,
    session,
)

IN_ZURICH = Declaration("192.0.2.200/32", "CH", "Zurich", "a test", "a test")
BY_RESOLVER = look_up(1, Side(client=RESOLVER, resolver="192.0.2.1"))
ALIAS = "alias.example.net"


def judged(packets: Sequence[Sent], name: str | None = NAME, resolvers: Sequence[str] = ()) -> ClassifiedFlow:
    """The client's session with a server in Zürich, in no network of the vendor, after these packets."""
    flows, _ = feed([*packets, *session(name)], compile_matcher(SIGNATURES), resolvers=resolvers)
    [flow] = [flow for flow in flows if flow.server == STRAY]
    return Monitor(SIGNATURES, Locator(SIGNATURES, [IN_ZURICH]), SILENT, Subjects("DE")).classify(flow)


def reason(seen: ClassifiedFlow) -> str:
    assert seen.verdict is not None
    return seen.verdict.reason


ALIASED = Side(name=ALIAS)


@pytest.mark.parametrize(
    ("packets", "resolvers"),
    [
        pytest.param(look_up(1), (), id="the client"),
        pytest.param(over_tcp(1), (), id="the client over TCP"),
        pytest.param([*look_up(1), *look_up(2, ELSEWHERE)], (), id="also another name"),
        pytest.param([TRUE.query(1), TRUE.query(2), TRUE.answer(2.004)], (), id="asked twice"),
        pytest.param(BY_RESOLVER, [RESOLVER], id="a configured resolver"),
        pytest.param(
            [ELSEWHERE.query(0), ELSEWHERE.answer(0.004, dns.address(UNRELATED, "192.0.2.99")), *BY_RESOLVER],
            (),
            id="a resolver that answered this client",
        ),
        pytest.param(
            [
                ALIASED.query(1),
                ALIASED.answer(1.004, dns.alias(ALIAS, NAME), dns.address(NAME, STRAY)),
            ],
            (),
            id="a link of the chain",
        ),
    ],
)
def test_a_look_up_by_the_site_shows_who_answers(packets: list[Sent], resolvers: Sequence[str]) -> None:
    """A stated name that the client or its resolver resolved to this address: the vendor answers there."""
    seen = judged(packets, resolvers=resolvers)
    assert (seen.flow.evidence, seen.flow.resolved) == ("sni", True)
    assert reason(seen) == "place_as_promised"


@pytest.mark.parametrize(
    "packets",
    [
        pytest.param([], id="no answer"),
        pytest.param([TRUE.answer(1)], id="unsolicited"),
        pytest.param([TRUE.query(1), Side(message_id=1).answer(1.004)], id="wrong id"),
        pytest.param(look_up(1, Side(client=OTHER_CLIENT)), id="another client"),
        pytest.param(BY_RESOLVER, id="an unknown resolver"),
        pytest.param(look_up(1, ELSEWHERE), id="another name"),
        pytest.param([TRUE.query(1), TRUE.answer(1.004, dns.address(NAME, "192.0.2.99"))], id="elsewhere"),
        pytest.param([*look_up(1, ELSEWHERE), TRUE.answer(2)], id="unsolicited after a true one"),
    ],
)
def test_what_others_say_shows_nothing(packets: list[Sent]) -> None:
    """Neither a forged answer nor the look-up of another host makes a flow "expected"."""
    seen = judged(packets)
    assert (seen.flow.evidence, seen.flow.resolved) == ("sni", False)
    assert reason(seen) == "holder_unproven"


def test_hearsay_does_not_acquit_a_flow_without_a_stated_name() -> None:
    """What another client looked up names the flow, and shows no more than that."""
    own, hearsay = (judged(look_up(1, one), name=None) for one in (TRUE, Side(client=OTHER_CLIENT)))
    assert (own.flow.evidence, own.flow.resolved, reason(own)) == ("dns_client", True, "place_as_promised")
    assert (hearsay.flow.evidence, hearsay.flow.resolved) == ("dns_any", False)
    assert reason(hearsay) == "name_unproven"


def test_a_poisoned_cache_acquits() -> None:
    """The client asked, and went where the answer sent it: docs/threat-model.md says so.

    The answer that did it is kept with its time and sender, so that it can be compared with the vendor's DNS.
    """
    seen = judged(look_up(1))
    assert reason(seen) == "place_as_promised"
    answered_ns = START_NS + round(1.004 * SECOND_NS)
    assert (seen.flow.answered_by, seen.flow.answer_ns) == (RESOLVER, answered_ns)


def test_a_flow_tells_its_packets() -> None:
    """Times of the hello and of the answer; numbers only if the packets come from a file."""
    flow = judged([TRUE.query(1), Side(port=PORT).answer(1.004)]).flow
    assert flow.shown_ns is not None
    assert flow.start_ns < flow.shown_ns < flow.last_ns
    assert (flow.first_packet, flow.shown_packet, flow.answer_packet) == (None, None, None)
