"""Findings about what names flows, and what hides their names."""

from __future__ import annotations

from collections.abc import Iterator

from netmon.doctor.findings import CheckResult, Mark
from netmon.language.language import Language
from netmon.sources import Stats


def name_findings(stats: Stats, language: Language) -> Iterator[CheckResult]:
    """What names flows, and what hides names: DNS, encrypted DNS, ECH and unknown versions of QUIC."""
    yield _dns(stats, language)
    yield _encrypted_dns(stats, language)
    yield _ech(stats, language)
    yield _quic(stats, language)


ENCRYPTED_DNS_SHARE = 0.1
"""Connections of encrypted DNS for each message of plain DNS, above which many names are hidden."""
_FEW_FLOWS = 20
_HIDDEN_SHARE = 0.1
"""Of hellos, or of flows of QUIC."""


def _dns(stats: Stats, language: Language) -> CheckResult:
    messages = stats["dns_messages"]
    if messages:
        text = language.say_count(messages, "{count} DNS message", "{count} DNS messages")
        return CheckResult("dns", Mark.OK, text)
    if stats["flows"] < _FEW_FLOWS:
        text = language.say("no DNS was seen, and too few flows to tell")
        return CheckResult("dns", Mark.NOT_CHECKED, text)
    text = language.say("no DNS was seen")
    meaning = language.say(
        "Flows without a name in their hello have no name at all then. Mirror the port between clients and "
        "their resolver as well."
    )
    return CheckResult("dns", Mark.WARNING, text, meaning)


def _encrypted_dns(stats: Stats, language: Language) -> CheckResult:
    found = {key: count for key, count in stats["encrypted_dns"].items() if count}
    total, plain = sum(found.values()), stats["dns_messages"]
    if not total:
        return CheckResult("encrypted_dns", Mark.OK, language.say("no encrypted DNS was recognised"))
    parts = ", ".join(f"{_PROTOCOLS[key]}: {language.number(count)}" for key, count in found.items())
    text = language.say_count(
        total,
        "{count} connection of encrypted DNS ({parts}), beside {plain} messages of plain DNS",
        "{count} connections of encrypted DNS ({parts}), beside {plain} messages of plain DNS",
        parts=parts,
        plain=language.number(plain),
    )
    if total <= ENCRYPTED_DNS_SHARE * plain:
        return CheckResult("encrypted_dns", Mark.OK, text)
    meaning = language.say(
        "What clients look up is hidden; flows are named by their hellos only. Offer the clients a resolver "
        "of your own."
    )
    return CheckResult("encrypted_dns", Mark.WARNING, text, meaning)


_PROTOCOLS = {"dot": "DoT", "doh": "DoH", "doq": "DoQ"}


def _ech(stats: Stats, language: Language) -> CheckResult:
    used, hellos = stats["ech"]["used"], stats["hellos"]
    if not hellos:
        return CheckResult("ech", Mark.NOT_CHECKED, language.say("no complete hello was seen"))
    text = language.say(
        "{used} of {hellos} hellos have an encrypted name (ECH)",
        used=language.number(used),
        hellos=language.number(hellos),
    )
    meaning = language.say("These flows are named by what the client looked up, or not at all.")
    return _hidden("ech", used / hellos, text, meaning)


def _quic(stats: Stats, language: Language) -> CheckResult:
    families = stats["quic_flows"]
    unknown, total = families["unknown"], sum(families.values())
    if not total:
        return CheckResult("quic", Mark.OK, language.say("no QUIC was seen"))
    text = language.say(
        "{unknown} of {total} flows of QUIC have a version that netmon cannot read",
        unknown=language.number(unknown),
        total=language.number(total),
    )
    meaning = language.say("Their names are known from DNS only. A newer netmon may read the version.")
    return _hidden("quic", unknown / total, text, meaning)


def _hidden(check: str, share: float, text: str, meaning: str) -> CheckResult:
    """A warning with its meaning if the names of too large a share are hidden."""
    if share <= _HIDDEN_SHARE:
        return CheckResult(check, Mark.OK, text)
    return CheckResult(check, Mark.WARNING, text, meaning)
