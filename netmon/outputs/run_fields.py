"""What the event of a run says, as fields: under which conditions it judged, and what it watched or read.

A field that is None is left out.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Number = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class _FrozenFields(msgspec.Struct, frozen=True):
    pass


class SignaturesFields(_FrozenFields, kw_only=True, frozen=True):
    """The signatures in use."""

    sha256: str
    vendors: tuple[str, ...] = ()


class DatabaseFields(_FrozenFields, kw_only=True, frozen=True):
    """A location database."""

    name: str
    provider: str | None = None
    date: str | None = None
    sha256: str | None = None


class SubjectFields(_FrozenFields, kw_only=True, frozen=True):
    """The countries of the users: one for all, or by network."""

    country: str | None = None
    networks: dict[str, str] | None = None


class PositionFields(_FrozenFields, kw_only=True, frozen=True):
    """Where the sensor is."""

    latitude: Number
    longitude: Number
    accuracy_km: float | None = None


class ConditionFields(_FrozenFields, kw_only=True, frozen=True):
    """What decides about verdicts besides the packets."""

    version: str
    program_sha256: str | None = None
    configuration_sha256: str | None = None
    signatures: SignaturesFields
    databases: tuple[DatabaseFields, ...] = ()
    subject: SubjectFields = SubjectFields()
    privacy_level: Annotated[int, msgspec.Meta(ge=0, le=3)]
    position: PositionFields | None = None


class FileFields(_FrozenFields, kw_only=True, frozen=True):
    """A file that was read; standard input has a name alone."""

    name: str
    size: Annotated[int, msgspec.Meta(ge=0)] | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for the hash of a file without its size."""
        if self.sha256 is not None and self.size is None:
            raise ValueError("Object missing required field `size`")


class RunFields(_FrozenFields, kw_only=True, frozen=True):
    """The run."""

    phase: Literal["start", "change", "end"]
    source: Literal["interfaces", "files"]
    conditions: ConditionFields
    interfaces: tuple[str, ...] = ()
    files: tuple[FileFields, ...] = ()
    problems: tuple[str, ...] = ()
    filter: str | None = None
