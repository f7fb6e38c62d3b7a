"""What an interface shows while it is listened to: the engine's counters, and a sample of the packets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from netmon.doctor.facts.link import Link, NoLinkError, link
from netmon.doctor.facts.offloads import Offload, Ring, offloads, ring
from netmon.doctor.facts.sample import Sample, Sampler
from netmon.sources import ContinuousSource, Stats

_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class ListenedPort:
    """An interface as it was asked for, and as it was when the listening ended."""

    name: str
    link: Link | None  # None: the kernel does not tell it
    is_missing: bool = False
    offloads: Mapping[str, Offload] | None = None
    ring: Ring | None = None
    sample: Sample | None = None  # None: it could not be sampled

    @property
    def device(self) -> str:
        """The kernel's name of it, where `name` may be an alternative one."""
        return self.link.name if self.link else self.name


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was seen."""

    seconds: float = 0.0
    stats: Stats | None = None  # None: nothing could be captured
    ports: tuple[ListenedPort, ...] = ()
    late_s: float | None = None  # the system's clock minus the time of a packet that has just come
    failure: str | None = None  # why nothing, or nothing more, could be captured


Report = Callable[[float, Stats], None]
"""Is called with the seconds since the beginning, and the counters."""


@dataclass(slots=True)
class _Look:
    """What is looked at twice a second."""

    samplers: dict[str, Sampler | None] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    packets: int = 0
    late_s: float | None = None

    def look(self, stats: Stats) -> None:
        for name, counters in stats["interfaces"].items():
            if counters["up"]:
                self._sample(name)
        if stats["packets"] > self.packets:
            self.packets, self.late_s = stats["packets"], time.time() - stats["last_ns"] / 1e9

    def _sample(self, name: str) -> None:
        found = _link(name)
        if found is not None:
            self.links[name] = found
        if name not in self.samplers:
            self.samplers[name] = _opened(found.name if found else name)
        sampler = self.samplers[name]
        if sampler is not None:
            sampler.take()

    def close(self) -> None:
        for sampler in filter(None, self.samplers.values()):
            sampler.close()


def listen(
    source: ContinuousSource, duration_s: float, is_stopped: Callable[[], bool], report: Report
) -> Traffic:
    """Listens for so long, or until `is_stopped`, which is asked twice a second. Raises SourceError."""
    began_s = looked_s = time.monotonic()
    look = _Look()
    try:
        look.look(source.stats())
        for _batch in source.batches():
            now_s = time.monotonic()
            if now_s - looked_s >= _LOOK_EVERY_S:
                looked_s, stats = now_s, source.stats()
                look.look(stats)
                report(now_s - began_s, stats)
            if now_s - began_s >= duration_s or is_stopped():
                source.stop()
        seconds, stats = time.monotonic() - began_s, source.stats()
    finally:
        look.close()
    ports = tuple(port(name, look) for name in stats["interfaces"])
    return Traffic(seconds, stats, ports, look.late_s)


def port(name: str, look: _Look | None = None) -> ListenedPort:
    """The interface as it is now; its link as it was last seen in a capture."""
    try:
        found = link(name)
    except NoLinkError:
        return ListenedPort(name, None, is_missing=True)
    sampler = look.samplers.get(name) if look else None
    seen = look.links.get(name, found) if look else found
    device = found.name if found else name
    return ListenedPort(
        name, seen, False, offloads(device), ring(device), sampler.sample if sampler else None
    )


def _link(name: str) -> Link | None:
    try:
        return link(name)
    except NoLinkError:
        return None


def _opened(name: str) -> Sampler | None:
    try:
        return Sampler(name)
    except OSError:
        return None
