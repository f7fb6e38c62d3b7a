"""What the doctor says about what an interface shows, and what hides names."""

from dataclasses import replace

import pytest

from grafana.src.thresholds import Thresholds
from netmon.doctor.checks.names import ENCRYPTED_DNS_SHARE, name_findings
from netmon.doctor.checks.view import traffic_findings, view_findings
from netmon.doctor.facts.offloads import Offload
from netmon.doctor.facts.traffic import Traffic
from netmon.doctor.findings import CHECKS, Mark
from netmon.language.language import ENGLISH
from netmon.quality import THRESHOLDS
from tests.test_quality import stats

NAMES = {
    "flows": 100,
    "dns_messages": 100,
    "hellos": 100,
    "encrypted_dns": {"dot": 0, "doh": 0, "doq": 0},
    "ech": {"used": 0, "grease": 40},
    "quic_flows": {"v1": 20, "unknown": 0},
}


def traffic(port, **counters):
    counted = stats(**{"flow_packets": 50} | counters)
    counted["interfaces"]["eth1"]["up"] = 1
    return Traffic(120.0, counted, (port,))


def of(check, findings):
    return [one for one in findings if one.check == check]


def test_a_good_view(port):
    """Nothing is wrong, and every check of the view says so with its numbers."""
    found = list(view_findings(traffic(port), ENGLISH))
    assert {one.mark for one in found} == {Mark.OK}
    assert [one.text for one in of("directions", found)] == [
        "both directions are seen: 0 of 1,000 connections in one only"
    ]


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda one: one.problem)
def test_every_threshold_of_the_view_is_a_finding(port, threshold):
    """With the words of the sensor's own warning, and what they mean."""
    bad = traffic(port, **{threshold.part: 10_000_000})
    bad.stats["interfaces"]["eth1"][threshold.part] = 10_000_000
    found = [one for one in view_findings(bad, ENGLISH) if one.mark is not Mark.OK]
    assert found
    assert all(one.meaning and one.check in CHECKS and one.interface == "eth1" for one in found)
    assert not any(one.text.startswith("eth1") for one in found)


def test_one_direction_only(port):
    """A problem, because verdicts stay undecided."""
    [found] = of("directions", view_findings(traffic(port, one_way_connections=300), ENGLISH))
    assert (found.mark, found.text.partition(":")[0]) == (
        Mark.PROBLEM,
        "300 of 1,000 connections were seen in one direction only",
    )


def test_too_little_to_tell(port):
    """Few connections are not checked, rather than good."""
    few = traffic(port, connections=7, packets=90)
    assert {one.check for one in view_findings(few, ENGLISH) if one.mark is Mark.NOT_CHECKED} == {
        "directions",
        "cut",
        "duplicates",
    }


def test_joined_packets_are_told_once(port):
    """By the finding about the card, if it says how to stop it."""
    many = {"coalesced_packets": 50_000}
    [found] = of("offloads", view_findings(traffic(port, **many), ENGLISH))
    assert found.command == "sudo ethtool -K eth1 gro off lro off"
    joining = replace(port, offloads={"rx-gro": Offload(True, False)})
    assert of("offloads", view_findings(traffic(joining, **many), ENGLISH)) == []


def test_a_card_whose_ring_can_be_larger(port):
    """The command makes it as large as it can be."""
    lossy = traffic(port)
    lossy.stats["interfaces"]["eth1"]["interface_dropped"] = 5
    [found] = of("losses", view_findings(lossy, ENGLISH))
    assert found.command == "sudo ethtool -G eth1 rx 4096"


def test_a_silent_interface(port):
    """Packets without a flow, such as LLDP, are no traffic; an interface that is down says so itself."""
    [found] = traffic_findings(traffic(port), ENGLISH)
    assert (found.mark, found.text) == (Mark.OK, "100,000 packets in 2 min, 50 of them of flows")
    [found] = traffic_findings(traffic(port, flow_packets=0, packets=4), ENGLISH)
    assert (found.mark, found.text) == (Mark.PROBLEM, "4 packets in 2 min, none of them of a flow")
    down = traffic(port, flow_packets=0)
    down.stats["interfaces"]["eth1"]["up"] = 0
    assert list(traffic_findings(down, ENGLISH)) == []


def marks(**changes):
    return {one.check: one.mark for one in name_findings(NAMES | changes, ENGLISH)}


def test_names_that_can_be_seen():
    """DNS in clear, and hellos without ECH."""
    assert marks() == dict.fromkeys(("dns", "encrypted_dns", "ech", "quic"), Mark.OK)


@pytest.mark.parametrize(
    ("changes", "check", "mark"),
    [
        ({"dns_messages": 0}, "dns", Mark.WARNING),
        ({"dns_messages": 0, "flows": 19}, "dns", Mark.NOT_CHECKED),
        ({"encrypted_dns": {"dot": 6, "doh": 4, "doq": 1}}, "encrypted_dns", Mark.WARNING),
        ({"encrypted_dns": {"dot": 9, "doh": 0, "doq": 1}}, "encrypted_dns", Mark.OK),
        ({"ech": {"used": 11, "grease": 0}}, "ech", Mark.WARNING),
        ({"hellos": 0}, "ech", Mark.NOT_CHECKED),
        ({"quic_flows": {"v1": 1, "unknown": 2}}, "quic", Mark.WARNING),
        ({"quic_flows": {"v1": 0, "unknown": 0}}, "quic", Mark.OK),
    ],
)
def test_what_hides_names(changes, check, mark):
    """Each in its share; without a hello, nothing is known of ECH."""
    assert marks(**changes)[check] is mark


def test_the_share_of_encrypted_dns_is_that_of_the_alert():
    """Both say the same of the same traffic."""
    assert Thresholds().encrypted_dns_share == ENCRYPTED_DNS_SHARE
