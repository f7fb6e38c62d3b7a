"""Lines of the summary: clients that use encrypted DNS, and clients that query fallback resolvers."""

from typing import Any

import pytest
from msgspec.structs import replace

from netmon.outputs import dns_use
from netmon.outputs.dns_use import DnsUse
from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy
from netmon.records import ClassifiedFlow, Fallback
from tests.records import flow

KEY = bytes(32)


def seen(resolver: str | None = "example_dns", **changes: Any) -> ClassifiedFlow:
    return ClassifiedFlow(flow(encrypted_dns="doh") if not changes else flow(**changes), resolver=resolver)


def lines(*flows: ClassifiedFlow, level: int = ADDRESS) -> list[str]:
    use = DnsUse(Privacy(level, KEY))
    for classified in flows:
        use.flow(classified)
    return list(use.lines())


def test_ordinary_flows_add_no_lines() -> None:
    """Without encrypted DNS there is no line."""
    assert lines(ClassifiedFlow(flow())) == []


def test_clients_are_counted_and_the_top_few_named() -> None:
    """The clients with most flows come first, with their resolvers; an unknown resolver is shown as such."""
    talkative = [seen(encrypted_dns="doh", client="192.0.2.1", flow_id=n) for n in range(3)]
    other = seen(None, encrypted_dns="dot", client="192.0.2.2")
    assert lines(other, *talkative) == [
        "Encrypted DNS: 2 clients, flows: 3 over HTTPS, 1 over TLS.",
        "  192.0.2.1: 3 flows to example_dns",
        "  192.0.2.2: 1 flow to no known resolver",
    ]


def test_a_flow_is_counted_once_when_it_ends() -> None:
    """Interim reports are not counted."""
    reports = [seen(encrypted_dns="doh", phase=phase) for phase in ("open", "update", "end")]
    assert lines(*reports)[0] == "Encrypted DNS: 1 client, flows: 1 over HTTPS."


@pytest.mark.parametrize(
    ("level", "shown"),
    [(PSEUDONYM, "  client-"), (NETWORK, "  192.0.2.0/24: "), (NOTHING, None)],
)
def test_clients_are_shown_by_privacy_level(level: int, shown: str | None) -> None:
    """The count stays; the client is shown as a pseudonym, a network, or not at all."""
    printed = lines(seen(encrypted_dns="doh"), level=level)
    assert printed[0] == "Encrypted DNS: 1 client, flows: 1 over HTTPS."
    assert "192.0.2.17" not in "".join(printed)
    assert [line.startswith(shown or "") for line in printed[1:]] == ([True] if shown else [])


def test_clients_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit flows are still counted, and the number of clients is given as a minimum."""
    monkeypatch.setattr(dns_use, "MAX_CLIENTS", 10)
    many = [seen(encrypted_dns="doh", client=f"192.0.2.{number}") for number in range(100)]
    printed = lines(*many)
    assert printed[0] == "Encrypted DNS: 10 or more clients, flows: 100 over HTTPS."
    assert len(printed) == 1 + dns_use.SHOWN_CLIENTS


def test_queries_for_the_vendors_names_come_first() -> None:
    """They come first however often other names were queried."""
    strong = Fallback("acme", "Example DNS", "vendor", "files", "official")
    weak = replace(strong, question="other", component=None)
    assert lines(
        *[ClassifiedFlow(flow(), fallbacks=(weak,))] * 2, ClassifiedFlow(flow(), fallbacks=(strong,))
    ) == [
        "Fallback resolver of acme: Example DNS was queried for the vendor's own names (1 finding).",
        "Fallback resolver of acme: Example DNS was queried for other names, as anyone may (2 findings).",
    ]
