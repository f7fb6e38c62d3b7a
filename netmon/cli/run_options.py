"""The options of `netmon run`."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import click
from msgspec.structs import replace

from netmon.cli.grouping import Options
from netmon.cli.values import OneOf
from netmon.cli.web_options import RunOptions
from netmon.config.settings import Config


class OffloadChoice(StrEnum):
    """Whether the kernel sieve is used."""

    AUTO = "auto"
    OFF = "off"


class SensorOptions(RunOptions, frozen=True):
    """The options of a capture and of the web server, and those of privileges."""

    OPTIONS: ClassVar[Options] = (
        *RunOptions.OPTIONS,
        click.option(
            "--user",
            metavar="NAME",
            help="User to become if started as root. Default: netmon if it exists, else nobody.",
        ),
        click.option(
            "--offload",
            type=OneOf(OffloadChoice),
            metavar="auto|off",
            help="Let the kernel drop data of flows of no vendor.",
        ),
        click.option("--stay-root", is_flag=True, help="Stay root if started as root."),
    )
    user: str | None = None
    offload: OffloadChoice | None = None
    stay_root: bool = False

    def load(self) -> Config:
        """The configuration, overridden by these options. Raises ConfigError."""
        config = super().load()
        kept = config.privileges
        evidence = (
            config.evidence if self.evidence is None else replace(config.evidence, folder=self.evidence)
        )
        user = kept.user if self.user is None else self.user
        offload = config.capture.offload if self.offload is None else self.offload.value
        return replace(
            config,
            capture=replace(config.capture, offload=offload),
            evidence=evidence,
            privileges=replace(kept, user=user, stay_root=kept.stay_root or self.stay_root),
        )
