"""Groups of options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import click
from msgspec.structs import replace

from netmon.cli.grouping import OptionGroup, Options
from netmon.cli.late import LateModule
from netmon.cli.terminal import log
from netmon.cli.values import FILE, OneOf, whole_number
from netmon.countries import given_country
from netmon.errors import ConfigError

if TYPE_CHECKING:
    from netmon import privacy as levels
    from netmon.config import chosen
    from netmon.config.settings import Config
    from netmon.verdict import subjects
else:
    levels = LateModule("netmon.privacy")
    chosen = LateModule("netmon.config.chosen")
    subjects = LateModule("netmon.verdict.subjects")


class SourceName(StrEnum):
    """The component that captures packets or reads them from files."""

    NATIVE = "native"
    SCAPY = "scapy"


class ConfigOptions(OptionGroup, frozen=True):
    """Options for the configuration and the signatures."""

    OPTIONS: ClassVar[Options] = (
        click.option(
            "--config",
            "-c",
            type=FILE,
            metavar="FILE",
            help="Configuration file instead of the default one.",
        ),
        click.option(
            "--signatures", type=FILE, metavar="DIR", help="Signature folder instead of the bundled one."
        ),
    )
    config: Path | None = None
    signatures: Path | None = None

    def load(self) -> Config:
        """The configuration, overridden by these options. Raises ConfigError."""
        config = chosen.load_chosen(self.config)
        return config if self.signatures is None else replace(config, signatures=self.signatures)

    def stored_level(self, config: Config, privacy: int | None) -> int:
        """The privacy level that clients of a store must have; without option and file, any will do."""
        if privacy is not None:
            return privacy
        return levels.ADDRESS if chosen.find_file(self.config) is None else config.privacy_level


class SubjectOptions(ConfigOptions, frozen=True):
    """The same, and the country of the monitored users, which replaces that of each network."""

    OPTIONS: ClassVar[Options] = (
        *ConfigOptions.OPTIONS,
        click.option("--country", metavar="CC", help="Country of all users, such as DE; selects promises."),
    )
    country: str | None = None

    def load(self) -> Config:
        """The configuration, overridden by these options. Raises ConfigError."""
        config = super().load()
        if self.country is None:
            return config
        try:
            country = given_country(self.country)
        except ValueError as error:
            raise ConfigError(f"--country: {error}") from error
        if config.subjects.networks:
            log(f"--country {country} applies to all clients; subject.networks is not used")
        return replace(config, subjects=subjects.Subjects(country))


class CaptureOptions(SubjectOptions, frozen=True):
    """The same, and options for privacy and the packet source."""

    OPTIONS: ClassVar[Options] = (
        *SubjectOptions.OPTIONS,
        click.option(
            "--privacy",
            type=whole_number(0, 3),
            metavar="LEVEL",
            help="Show clients as 0 addresses, 1 daily pseudonyms, 2 networks, 3 not at all. "
            "Default: 0 for what read shows, otherwise privacy.level.",
        ),
        click.option(
            "--source",
            type=OneOf(SourceName),
            default=SourceName.NATIVE.value,
            metavar="native|scapy",
            help="scapy runs on any system, but is slow; needs the Python package scapy.",
        ),
    )
    privacy: int | None = None
    source: SourceName = SourceName.NATIVE

    def load(self) -> Config:
        """The configuration, overridden by these options. Raises ConfigError."""
        config = super().load()
        return config if self.privacy is None else replace(config, privacy_level=self.privacy)

    def for_files(self, config: Config) -> Config:
        """The configuration for what the readers of capture files see: they have the clients' addresses."""
        return config if self.privacy is not None else replace(config, privacy_level=levels.ADDRESS)


class EvidenceOptions(CaptureOptions, frozen=True):
    """The same, and where evidence is written."""

    OPTIONS: ClassVar[Options] = (
        *CaptureOptions.OPTIONS,
        click.option(
            "--evidence",
            type=FILE,
            metavar="DIR",
            help="Write evidence for every finding to this folder: its packets, and how to judge them again.",
        ),
    )
    evidence: Path | None = None

    def for_files(self, config: Config) -> Config:
        """The same; what the configuration says about the folder of the evidence is for the sensor."""
        folder = self.evidence
        return replace(super().for_files(config), evidence=replace(config.evidence, folder=folder))
