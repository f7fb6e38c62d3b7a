"""The files of one finding: its packets, the configuration as it applied, and a JSON document about both."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from netmon.config.settings import Config
from netmon.days import moment_of
from netmon.evidence.applied import applied_config
from netmon.evidence.blanking import Blanking
from netmon.evidence.comments import describe
from netmon.evidence.judged import judged, key_of
from netmon.evidence.pcapng import Block, Section, write_pcapng
from netmon.evidence.rewriting import Rewriting
from netmon.outputs.ecs import timestamp
from netmon.outputs.meaning_fields import place_fields, plain_values
from netmon.places.database import Database
from netmon.privacy import ADDRESS, Privacy
from netmon.records import ClassifiedFlow
from netmon.signatures.model import PayloadMagic, SignatureSet
from netmon.sources.kept import KeptPacket
from netmon.version import package_sha256, package_version

FORMAT = 1

LIMITS = (
    "The capture holds the packets that name and judge the flow, not all of its packets, so it shows fewer "
    "bytes and packets than the event.",
    "It shows what the sensor saw. It cannot show that the packets were on the network: whoever runs the "
    "sensor could have made them.",
)
_REWRITTEN = (
    "Addresses of clients, and MAC addresses, are pseudonyms: the same address has the same pseudonym, ports "
    "are kept, and checksums follow. Tunnel headers and trailers are removed. Bytes that neither name nor "
    "judge the flow are blanked: options of headers, options of DNS, and payload other than names, hellos "
    "and certificates."
)
_AS_CAPTURED = "Addresses of clients are as they were captured."


@dataclass(frozen=True, slots=True)
class Files:
    """The contents of the files of one finding."""

    stem: str
    contents: Mapping[str, bytes]  # by ending

    @property
    def sha256(self) -> str:
        """The hash of the document, which has those of the other files."""
        return hashlib.sha256(self.contents[".json"]).hexdigest()


class Writer:
    """Makes the files of findings. `signatures` may be replaced when they are reloaded."""

    def __init__(self, config: Config, privacy: Privacy, signatures: SignatureSet) -> None:
        self.signatures = signatures
        self._config = config
        self._privacy = privacy
        self._program_sha256 = package_sha256()

    def files(
        self, classified: ClassifiedFlow, kept: Sequence[KeptPacket], databases: Iterable[Database]
    ) -> Files:
        """The files of a finding with these packets."""
        flow = classified.flow
        in_order = _in_order(kept)
        askers = dict.fromkeys(filter(None, map(_asker, in_order)))
        is_shown = self._privacy.level == ADDRESS
        scope = f"{flow.flow_id} {flow.start_ns}"
        rewriting = Rewriting(
            () if is_shown else dict.fromkeys([flow.client, *askers]),
            lambda text: self._privacy.digest(text, flow.start_ns, scope),
        )
        blanked = [(one, 0) for one in in_order] if is_shown else self._blanking(classified).apply(in_order)
        shown = [one if is_shown else rewriting.apply(one) for one, _ in blanked]
        comments = [
            describe(one, classified, is_answer=_is_answer(one, classified), blanked=count)
            for one, count in blanked
        ]
        note = _AS_CAPTURED if is_shown else _REWRITTEN
        capture = write_pcapng(
            _section(classified, note),
            (
                Block(one.time_ns, one.link, one.interface, one.wire_len, one.data, comment)
                for one, comment in zip(shown, comments, strict=True)
            ),
        )
        resolvers = [rewriting.show(one) for one in askers if one != flow.client and flow.resolved]
        current = tuple(databases)
        # Packets of a live sensor have no numbers; one host timed them.
        is_one_clock = self._config.capture.one_clock or any(one.number is None for one in in_order)
        applied = applied_config(
            self._config,
            flow,
            classified.vendor or "",
            self.signatures,
            current,
            resolvers,
            is_one_clock=is_one_clock,
            silence_ns=_longest_silence(classified, in_order),
        )
        configuration = _json(applied)
        hashes = [self.signatures.sha256, *(one.content.sha256 for one in current)]
        decided = _json([package_version(), flow.flow_id, judged(classified), *hashes])
        stem = _stem(classified, capture + configuration + decided)
        document = {
            "format": FORMAT,
            "netmon": package_version(),
            "program_sha256": self._program_sha256,
            "sensor": self._config.sensor,
            "site": self._config.site,
            "flow": {"id": flow.flow_id, **key_of(flow, rewriting.show(flow.client))}
            | {
                "start": timestamp(flow.start_ns),
                "last": timestamp(flow.last_ns),
                "interface": flow.interface,
            },
            "client": self._privacy.show(flow.client, flow.start_ns),
            "judged": judged(classified)._asdict(),
            "votes": plain_values(place_fields(classified.place))["votes"] if classified.place else [],
            "explanation": classified.verdict.explanation if classified.verdict else None,
            "privacy": {"level": self._privacy.level, "note": note},
            "packets": [
                {"time": timestamp(one.time_ns), "number_in_source": one.number, "shows": comment}
                for one, comment in zip(shown, comments, strict=True)
            ],
            "capture": {"file": f"{stem}.pcapng", "sha256": hashlib.sha256(capture).hexdigest()},
            "configuration": {
                "file": f"{stem}.yaml",
                "sha256": hashlib.sha256(configuration).hexdigest(),
            },
            "signatures": {
                "folder": str(Path(self.signatures.folder).resolve()),
                "sha256": self.signatures.sha256,
            },
            "databases": [
                {
                    "name": one.name,
                    "built": one.date,
                    "file": str(one.path.resolve()),
                    "sha256": one.content.sha256,
                }
                for one in current
            ],
            "reproduce": f"netmon read --json --config {stem}.yaml {stem}.pcapng",
            "limits": list(LIMITS),
        }
        contents = {".pcapng": capture, ".yaml": configuration, ".json": _json(document)}
        return Files(stem, contents)

    def _blanking(self, classified: ClassifiedFlow) -> Blanking:
        magic = self.signatures.rules_of(PayloadMagic)
        return Blanking(one for one in magic if one.vendor == classified.vendor)


def _in_order(kept: Sequence[KeptPacket]) -> list[KeptPacket]:
    """Each packet once, in the order of the capture, with everything that it shows."""
    found: dict[tuple[object, ...], KeptPacket] = {}
    for one in kept:
        key = (one.number or one.time_ns, one.interface, one.data)
        known = found.get(key)
        shows = one.shows if known is None else tuple(dict.fromkeys((*known.shows, *one.shows)))
        found[key] = replace(one, shows=shows)
    return sorted(found.values(), key=lambda one: one.number or one.time_ns)


def _longest_silence(classified: ClassifiedFlow, packets: Sequence[KeptPacket]) -> int:
    """The longest time between two packets of the flow itself."""
    ends = {classified.flow.client, classified.flow.server}
    times = sorted(one.time_ns for one in packets if {one.source, one.destination} == ends)
    return max((later - earlier for earlier, later in pairwise(times)), default=0)


def _asker(packet: KeptPacket) -> str | None:
    """Who asked what a DNS message is about."""
    if "dns_answer" in packet.shows:
        return packet.destination
    return packet.source if "dns_query" in packet.shows else None


def _is_answer(packet: KeptPacket, classified: ClassifiedFlow) -> bool:
    """True for the DNS answer that has the flow's name and address."""
    flow = classified.flow
    if "dns_answer" not in packet.shows:
        return False
    if packet.number is not None and flow.answer_packet is not None:
        return packet.number == flow.answer_packet
    return packet.time_ns == flow.answer_ns


def _section(classified: ClassifiedFlow, note: str) -> Section:
    flow, verdict = classified.flow, classified.verdict
    outcome = f"{verdict.outcome} ({verdict.reason})" if verdict else "no verdict"
    comment = (
        f"Evidence of netmon: {outcome} for {classified.vendor} {classified.component}, "
        f"{flow.transport} port {flow.server_port} of {flow.server}. {note}"
    )
    return Section(
        comment=comment,
        application=f"netmon {package_version()}",
        hardware=platform.machine(),
        system=platform.system(),
    )


def _stem(classified: ClassifiedFlow, contents: bytes) -> str:
    """The name of the files: when the flow began, whose it is, and a hash of what they contain."""
    moment = moment_of(classified.flow.start_ns)
    return f"{moment:%Y%m%dT%H%M%SZ}-{classified.vendor}-{hashlib.sha256(contents).hexdigest()[:12]}"


def _json(value: Any) -> bytes:
    """JSON that is YAML as well."""
    return json.dumps(value, indent=2, ensure_ascii=True).encode() + b"\n"
