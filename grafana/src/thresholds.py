"""The numbers of the alerts that a site may change, and how they appear in expressions and texts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

DAY_HIGH, DAY_S = 3650, 86_400
WATCHED_FROM = {"database": 2 / 3, "signatures": 1 / 2}  # of the age that is stale: shown as a warning


def _between(default: float, low: float, high: float) -> Any:
    return field(default=default, metadata={"bounds": (low, high)})


@dataclass(frozen=True)
class Thresholds:
    """Each number has its unit in its name; a share is from 0 to 1."""

    finding_minutes: int = _between(15, 1, 1440)
    """How long an alert on a finding lasts after the last sighting."""
    upload_megabytes: float = _between(20, 0, 1_000_000)
    """Uploads an hour that are too small for UploadVolumeUnusual."""
    upload_factor: float = _between(5, 1, 1000)
    """How many times the mean of the previous week is unusual."""
    new_upload_megabytes: float = _between(500, 0, 1_000_000)
    """Uploads an hour that are unusual for a place without a history."""
    disputed_flows: int = _between(0, 0, 1_000_000)
    """Flows an hour to disputed places that LocationDisputed ignores."""
    encrypted_dns_share: float = _between(0.1, 0, 1)
    """Connections of encrypted DNS for each message of plain DNS."""
    unseen_bytes_share: float = _between(0.01, 0, 1)
    """TCP bytes that were acknowledged but not seen."""
    one_way_share: float = _between(0.2, 0, 1)
    """Connections seen in one direction only."""
    dropped_packets_share: float = _between(0.001, 0, 1)
    """Packets dropped by the kernel or the interface."""
    interruptions: int = _between(3, 0, 10_000)
    """Interruptions of a capture within 15 minutes that InterfaceDown ignores."""
    undecoded_share: float = _between(0.05, 0, 1)
    """Packets that cannot be decoded."""
    silence_minutes: int = _between(5, 2, 1440)
    """How long an interface may be without a packet of a flow."""
    quiet_share: float = _between(0.1, 0, 1)
    """Packets, in proportion to the quietest hours of the week, that count as none."""
    missing_sensor_days: int = _between(1, 1, 90)
    """How long SensorDown remembers a sensor that is no target any more."""
    database_days: int = _between(45, 2, DAY_HIGH)
    """The age at which a location database is stale."""
    signatures_days: int = _between(180, 2, DAY_HIGH)
    """The time after a review at which signatures are stale."""

    def in_expressions(self) -> dict[str, str]:
        """The values of the names in PromQL."""
        found = {name: _plain(value) for name, value in asdict(self).items()}
        found["finding_window"] = f"{self.finding_minutes + 1}m"
        found["finding_seconds"] = str(self.finding_minutes * 60)
        found["silence_seconds"] = str(self.silence_minutes * 60)
        for name, share in WATCHED_FROM.items():
            age_s = getattr(self, f"{name}_days") * DAY_S
            found |= {f"{name}_seconds": str(age_s), f"{name}_watch_seconds": str(round(age_s * share))}
        return found

    def in_texts(self, decimal_sign: str) -> dict[str, str]:
        """The values of the names in sentences: also shares in percent."""
        found = self.in_expressions()
        for name, value in asdict(self).items():
            if name.endswith("_share"):
                found[name.replace("_share", "_percent")] = _plain(round(value * 100, 6))
        return {name: value.replace(".", decimal_sign) for name, value in found.items()}


def _plain(number: float) -> str:
    """A number without an exponent, so that `e6` can follow it."""
    return str(int(number)) if number == int(number) else f"{number:.9f}".rstrip("0").rstrip(".")
