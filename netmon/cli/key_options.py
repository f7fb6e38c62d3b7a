"""Options of the commands that use the key of the pseudonyms."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import click
from msgspec.structs import replace

from netmon.cli.grouping import Options
from netmon.cli.options import ConfigOptions
from netmon.cli.values import FILE
from netmon.config.settings import Config


class KeyOptions(ConfigOptions, frozen=True):
    """Options for the configuration, and the place of the key: a service may have it as a credential."""

    OPTIONS: ClassVar[Options] = (
        *ConfigOptions.OPTIONS,
        click.option("--key-file", type=FILE, metavar="FILE", help="The key, if it is not privacy.key_file."),
    )
    key_file: Path | None = None

    def load(self) -> Config:
        """The configuration, overridden by these options. Raises ConfigError."""
        config = super().load()
        return config if self.key_file is None else replace(config, privacy_key=self.key_file)
