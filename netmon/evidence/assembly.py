"""Opens the evidence of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from netmon.config.settings import Config
from netmon.evidence.chain import Chain
from netmon.evidence.chained_stream import ChainedStream
from netmon.evidence.document import Writer
from netmon.evidence.folder import EvidenceFolder
from netmon.evidence.recorder import Recorder
from netmon.outputs.ecs import Stream
from netmon.outputs.observer import Observer
from netmon.places.databases import Databases
from netmon.privacy import Privacy
from netmon.signatures.model import SignatureSet
from netmon.sources.kept import KeptPackets
from netmon.version import package_version


@dataclass(frozen=True)
class OpenEvidence:
    """Where a run writes its evidence."""

    folder: EvidenceFolder
    chain: Chain
    config: Config
    privacy: Privacy
    log: Callable[[str], None]

    def recorder(
        self,
        signatures: SignatureSet,
        databases: Databases,
        kept: KeptPackets,
        observer: Observer,
        stored: Sequence[Stream] = (),
    ) -> Recorder:
        """The output that writes it; `stored` get an event for each finding."""
        writer = Writer(self.config, self.privacy, signatures)
        parts = (self.folder, self.chain, writer, kept, databases)
        recorder = Recorder(*parts, self.log, time.time, time.monotonic)
        for stream in stored:
            recorder.announce(observer, stream)
        return recorder

    def chained(self, stream: Stream) -> Stream:
        """The stream of events, of which the chain gets the hashes."""
        return ChainedStream(stream, self.chain)


@contextmanager
def opened_evidence(
    config: Config, privacy: Privacy, log: Callable[[str], None]
) -> Iterator[OpenEvidence | None]:
    """Opens the folder and the chain; None if no evidence is written. Raises OutputError."""
    if config.evidence.folder is None:
        yield None
        return
    folder = EvidenceFolder(config.evidence.folder, config.evidence)
    chain = Chain(folder.path, log, time.time, folder.segment_bytes)
    chain.add("begin", netmon=package_version(), sensor=config.sensor, site=config.site)
    chain.flush()  # there is a chain, also if the disk is full before the first finding is recorded
    try:
        yield OpenEvidence(folder, chain, config, privacy, log)
    finally:
        chain.close()
