"""A stream of events of which the chain has the hashes."""

from __future__ import annotations

from netmon.evidence.chain import Chain
from netmon.outputs.ecs import Stream


class ChainedStream:
    """Passes lines on to a stream, and adds their hashes to a chain."""

    def __init__(self, stream: Stream, chain: Chain) -> None:
        self._stream = stream
        self._chain = chain

    def write(self, lines: str) -> None:
        """Writes one line or more, each of which ends in a newline."""
        self._stream.write(lines)
        for line in lines.split("\n")[:-1]:
            self._chain.add_event(line)

    def flush(self) -> None:
        """Writes all buffered lines."""
        self._stream.flush()
