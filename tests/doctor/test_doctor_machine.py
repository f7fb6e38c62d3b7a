"""What the doctor says about rights and the kernel."""

from dataclasses import replace

import pytest

from netmon.doctor.checks.machine import kernel_findings, rights_findings
from netmon.doctor.facts.kernel import Kernel, kernel
from netmon.doctor.facts.rights import NET_RAW
from netmon.doctor.facts.rights import rights as gather
from netmon.doctor.findings import Mark
from netmon.language.language import ENGLISH


def of_rights(rights, refusal=None):
    [found] = rights_findings(rights, refusal, ENGLISH)
    return found


def test_the_capability_is_enough(rights):
    """An unprivileged user with CAP_NET_RAW can capture, and so can root."""
    assert of_rights(rights).mark is Mark.OK
    assert "gives up everything else" in of_rights(replace(rights, user=0)).text


def test_without_it_there_are_three_ways_to_get_it(rights):
    """sudo, a line for systemd, and setcap for a Python that is netmon's own."""
    found = of_rights(replace(rights, effective=0))
    assert found.mark is Mark.PROBLEM
    assert found.command == "sudo /opt/netmon/bin/netmon doctor"
    assert "AmbientCapabilities=CAP_NET_RAW" in found.meaning
    assert "sudo setcap cap_net_raw+ep /opt/netmon/bin/python3.11" in found.meaning


def test_the_python_of_the_system_gets_no_capability(rights):
    """Every program that it runs would have it."""
    found = of_rights(replace(rights, effective=0, program="/usr/bin/python3.11"))
    assert "setcap" not in found.meaning


def test_a_container_whose_root_lacks_it_is_started_with_it(rights):
    """sudo would not help there."""
    found = of_rights(replace(rights, user=0, effective=0, bounding=0xFF & ~(1 << NET_RAW)))
    assert (found.mark, found.command) == (
        Mark.PROBLEM,
        "docker run --cap-add NET_RAW --network host …",
    )


def test_without_proc_nothing_is_guessed(rights):
    """Capabilities that cannot be read are not checked."""
    assert of_rights(replace(rights, effective=None)).mark is Mark.NOT_CHECKED


def test_a_user_that_root_cannot_become_is_a_problem(rights):
    """The reason is that with which the sensor would not start."""
    found = of_rights(rights, "cannot become another user: operation not permitted; …")
    assert (found.mark, found.text.partition(":")[0]) == (Mark.PROBLEM, "cannot become another user")


def test_a_container_without_any_right_is_told_both(rights):
    """That root cannot be given up, and that nothing could be captured anyway."""
    without = replace(rights, user=0, effective=0, bounding=0)
    found = list(rights_findings(without, "cannot become another user", ENGLISH))
    assert [one.mark for one in found] == [Mark.PROBLEM, Mark.PROBLEM]
    assert found[1].command == "docker run --cap-add NET_RAW --network host …"


@pytest.mark.parametrize(
    ("has_ring", "has_filter", "mark", "text"),
    [
        (True, True, Mark.OK, "with TPACKET_V3 and BPF"),
        (False, True, Mark.PROBLEM, "no ring for packets"),
        (True, False, Mark.WARNING, "refuses filters"),
        (None, None, Mark.NOT_CHECKED, "need CAP_NET_RAW"),
    ],
)
def test_what_a_capture_needs_of_the_kernel(has_ring, has_filter, mark, text):
    """A ring is needed, a filter for some captures; without the right to try, neither is checked."""
    [found] = kernel_findings(Kernel("6.1.0", has_ring, has_filter), ENGLISH)
    assert found.mark is mark
    assert text in found.text


def test_this_machine():
    """Rights and kernel are read on any Linux."""
    assert gather().effective is not None
    found = kernel()
    assert found.release
    assert found.has_ring is (True if gather().can_capture else None)
