"""The line with the state of a running sensor."""

from netmon.outputs.status_text import StatusText

STATS = {"packets": 0, "live_flows": 0, "view": {}, "degraded": {}}


def test_rates_and_counts():
    """Packets per second since the last call; drops of kernel and interface, flows and findings so far."""
    status = StatusText()
    first = status.text(STATS, 0, 10.0)
    assert first == "0 packets/s · 0 dropped · 0 active flows · 0 findings · view: good"
    interfaces = {
        "eth1": {"packets": 9, "dropped": 2, "interface_dropped": 1},
        "eth2": {"packets": 9, "dropped": 4, "interface_dropped": 0},
    }
    later = STATS | {"packets": 12_500, "live_flows": 1, "interfaces": interfaces}
    assert status.text(later, 1, 20.0) == (
        "1,250 packets/s · 7 dropped · 1 active flow · 1 finding · view: good"
    )


def test_what_is_wrong_with_the_view():
    """Interfaces that are not captured come first, then each problem of the last minute once."""
    degraded = {("eth1", "one_way"): 1, ("eth2", "one_way"): 1, ("eth1", "duplicates"): 0, ("eth1", "cut"): 1}
    stats = STATS | {"degraded": degraded, "interface_problems": {"eth3": "it is down"}}
    text = StatusText().text(stats, 0, 1.0)
    assert text.endswith("view: eth3 not captured, cut, one way")


def test_no_time_has_passed():
    """Two calls at the same time give no rate."""
    status = StatusText()
    status.text(STATS, 0, 1.0)
    assert status.text(STATS | {"packets": 5}, 0, 1.0).startswith("0 packets/s")
