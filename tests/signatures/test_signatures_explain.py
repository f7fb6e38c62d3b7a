"""What the signatures say about a name or an address, and why."""

from pathlib import Path

import pytest

from netmon.signatures.explain import Explanation, explain
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import CertificateRule, NameRule, NetworkRule, SignatureSet

GOLDEN = Path(__file__).parents[1] / "golden" / "signatures"


def competitors(answer: Explanation) -> list[tuple[str, str]]:
    return [
        (one.rule.text if isinstance(one.rule, NameRule) else one.rule.prefix, one.why_not)
        for one in answer.competitors
    ]


def test_a_name_names_its_rule_and_the_rules_that_lose(shipped: SignatureSet) -> None:
    """The exact name wins; both suffixes above it are shown, with the reason."""
    answer = explain(shipped, "MDR.ksn.kaspersky-labs.com.")
    assert answer.queried == "mdr.ksn.kaspersky-labs.com"
    assert answer.component is not None
    assert answer.component.id == "mdr"
    assert answer.reason == "the exact name 'mdr.ksn.kaspersky-labs.com' matches"
    assert competitors(answer) == [
        ("ksn.kaspersky-labs.com", "the exact name wins over the suffix"),
        ("kaspersky-labs.com", "the exact name wins over the suffix"),
    ]
    assert answer.tags


def test_sources_are_spelled_out(shipped: SignatureSet) -> None:
    """An auditor sees what was read and how far it is trusted, without looking up keys."""
    answer = explain(shipped, "touch.kaspersky.com")
    assert [(source.key, source.trust) for source in answer.sources] == [
        ("O2", "official"),
        ("O3", "official"),
    ]
    assert all(source.ref.startswith("https://support.kaspersky.com/") for source in answer.sources)
    assert any("browser extension" in remark for remark in answer.remarks)


def test_promises_come_with_their_expectations(shipped: SignatureSet) -> None:
    """The promises that apply to a component are given in the order of its expectations."""
    answer = explain(shipped, "ksn-file-geo.kaspersky-labs.com")
    assert [promise.id for promise in answer.promises] == ["gti_complete", "gti_eu_files"]
    assert [one.basis for one in answer.expectations] == [
        "promise",
        "promise",
        "observed",
        "observed",
        "observed",
    ]
    assert explain(shipped, "s01.upd.kaspersky.com").promises == ()


@pytest.mark.parametrize("name", ["kaspersky.xyz", "www.kaspersky.xyz"])
def test_a_lookalike_is_called_one(shipped: SignatureSet, name: str) -> None:
    """Not only that nothing matches, but why."""
    answer = explain(shipped, name)
    assert answer.rule is None
    assert not answer.tags
    assert answer.reason == (
        "'kaspersky.xyz' is a look-alike of Kaspersky (used by malware or unknown parties): it never matches"
    )


def test_a_visited_component_is_remarked(shipped: SignatureSet) -> None:
    """A web page of the vendor says what a finding there is; a host of its products does not."""
    remark = "people visit it with a browser, so a finding is a notice"
    assert remark in explain(shipped, "www.kaspersky.ru").remarks
    assert remark not in explain(shipped, "dc1-file.ksn.kaspersky-labs.com").remarks


def test_an_unconfirmed_domain_is_remarked(shipped: SignatureSet) -> None:
    """It does not match, and the reader learns who claims it."""
    answer = explain(shipped, "www.kaspersky-lab.com")
    assert answer.reason == "no rule matches this name"
    assert answer.remarks == (
        "'kaspersky-lab.com' is an unconfirmed domain of Kaspersky: one list of mixed quality",
    )


def test_a_service_address_shows_votes_and_what_was_seen_there(shipped: SignatureSet) -> None:
    """Network, votes of each database, and the names seen at exactly this address."""
    answer = explain(shipped, "79.133.169.139")
    assert isinstance(answer.rule, NetworkRule)
    assert answer.rule.prefix == "79.133.169.0/24"
    assert [(vote.source, vote.country, vote.about) for vote in answer.votes] == [
        ("dbip", "DE", "location"),
        ("geo_whois_asn", "RU", "location"),
        ("iptoasn", "CH", "registration"),
    ]
    assert [one.label for one in answer.observed] == ["dc1-st.ksn.kaspersky-labs.com"]
    assert answer.tags


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("82.202.184.1", "network 82.202.184.0/24 covers it; its role 'service' matches by address alone"),
        (
            "82.202.190.214",
            "network 82.202.188.0/22 covers it, "
            "but its role 'ddos_protection' does not match by address alone",
        ),
        (
            "46.8.206.1",
            "network 46.8.206.0/24 covers it, but no source has seen it with the vendor after 2025-04-02",
        ),
        (
            "::ffff:82.202.184.1",
            "network 82.202.184.0/24 covers it; its role 'service' matches by address alone",
        ),
        ("2001:DB8::1", "no network of a vendor covers this address"),
    ],
)
def test_an_address_says_whether_it_tags(shipped: SignatureSet, address: str, reason: str) -> None:
    """The sentence and the engine agree."""
    answer = explain(shipped, address)
    assert answer.reason == reason
    assert answer.tags == (compile_matcher(shipped).find_network(address) is not None)


def test_a_fallback_resolver_is_remarked(shipped: SignatureSet) -> None:
    """A product's query to it is a finding in itself."""
    assert explain(shipped, "223.6.6.6").remarks == (
        "Alibaba Cloud (CN): a public resolver that products of Kaspersky fall back to",
        "Alibaba Cloud (alidns): a public resolver; encrypted queries to it cannot be read",
    )


@pytest.mark.parametrize("text", ["", ".", "not a name", "ä.example", "1.2.3", "a" * 5000])
def test_any_text_gets_an_answer(shipped: SignatureSet, text: str) -> None:
    """What is neither name nor address simply matches nothing."""
    assert explain(shipped, text).rule is None


def test_certificates_and_payloads_are_explained() -> None:
    """A name that only a certificate has is explained by it; the payloads of a component are remarked."""
    signatures = load_folder(GOLDEN)
    by_certificate = explain(signatures, "*.internal.example.net")
    assert isinstance(by_certificate.rule, CertificateRule)
    assert by_certificate.tags
    assert by_certificate.reason == "no name rule matches, but a certificate that was seen has this name"
    by_name = explain(signatures, "eu.lookups.cloud.example")
    assert any("4b450000 on udp port 2001" in remark for remark in by_name.remarks)
