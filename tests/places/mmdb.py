"""Location databases for tests, in the schemas of their providers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

JUNE_S = 1_781_654_400  # 2026-06-17 00:00 UTC
DAY_S = 86_400


class _Writer(MMDBWriter):
    """A writer that sets the given build time instead of the current time."""

    def __init__(self, built_s: int, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        self._built_s = built_s

    def _build_meta(self) -> dict[str, Any]:
        return {**super()._build_meta(), "build_epoch": self._built_s}


def write_database(
    file: Path,
    networks: dict[str, Any],
    kind: str = "GeoLite2-City",
    *,
    built_s: int = JUNE_S,
    ip_version: int = 6,
    description: str = "",
) -> Path:
    """Write a database of type `kind` with a record for each network."""
    words = {"languages": ["en"], "description": description} if description else {}
    writer = _Writer(built_s, ip_version, kind, ipv4_compatible=ip_version == 6, **words)
    for network, record in networks.items():
        writer.insert_network(IPSet([network]), record)
    file.parent.mkdir(parents=True, exist_ok=True)
    writer.to_db_file(str(file))
    return file


def nested(country: str | None, city: str | None = None, **more: Any) -> dict[str, Any]:
    """A record in the schema of GeoLite2 and DB-IP."""
    record: dict[str, Any] = {"country": {"iso_code": country}} if country else {}
    if city:
        record["city"] = {"names": {"en": city}}
    return record | more


def write_flat(file: Path, networks: dict[str, str], **more: Any) -> Path:
    """Write a database as ip-location-db does: flat records, and a type that says nothing of the provider.

    `networks` have "CC" or "CC/City". The file's name says whether they are cities, and who the provider is.
    """
    what = "city" if "city" in file.stem else "country"
    family = next((one for one in ("ipv4", "ipv6") if one in file.stem), "ipvAll")
    ip_version = 4 if family == "ipv4" else 6
    records = {network: _flat(where, what) for network, where in networks.items()}
    return write_database(file, records, f"{what} {family}", ip_version=ip_version, **more)


def _flat(where: str, what: str) -> dict[str, Any]:
    country, _, city = where.partition("/")
    if what == "country":
        return {"country_code": country}
    empty = dict.fromkeys(("postcode", "state1", "state2", "timezone"), "")
    return {"city": city, "country_code": country, "latitude": 0.0, "longitude": 0.0, **empty}
