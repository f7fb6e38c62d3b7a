"""Keeps a failing output from stopping the rest: a full disk ends neither capture nor metrics."""

from __future__ import annotations

from collections.abc import Callable

from netmon.outputs import Output
from netmon.records import DnsRecord, Sighting


class Guard:
    """An output around another one. What that one cannot take is counted in `lost` and told once.

    A reader who has gone (BrokenPipeError) is no fault of the output: that goes through.
    """

    def __init__(self, output: Output, name: str, tell: Callable[[str], None]) -> None:
        self.lost = 0
        self._output = output
        self._name = name
        self._tell = tell
        self._failed_at: int | None = None  # `lost` when it began to fail

    def sighting(self, sighting: Sighting) -> None:
        """Hands a flow on."""
        self._try(lambda: self._output.sighting(sighting), records=1)

    def dns(self, record: DnsRecord) -> None:
        """Hands a DNS message on."""
        self._try(lambda: self._output.dns(record), records=1)

    def flush(self) -> None:
        """Makes the output write; that it works again is told, too."""
        if self._try(self._output.flush, records=0) and self._failed_at is not None:
            self._tell(
                f"{self._name}: written again; {self.lost - self._failed_at} or more events are missing"
            )
            self._failed_at = None

    def _try(self, work: Callable[[], None], *, records: int) -> bool:
        try:
            work()
        except BrokenPipeError:
            raise
        except OSError as error:
            if self._failed_at is None:
                self._failed_at = self.lost
                reason = (error.strerror or str(error)).lower()
                self._tell(f"{self._name}: {reason}; events are lost until it can be written again")
            self.lost += records
            return False
        return True
