"""The options of the web server, named as those of Prometheus' exporters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

import click
from msgspec.structs import replace

from netmon.cli.grouping import Options
from netmon.cli.options import EvidenceOptions
from netmon.cli.values import FILE
from netmon.config.settings import Config
from netmon.errors import ConfigError
from netmon.web.options import ListenAddress, WebOptions, parse_external_url, parse_listen, parse_prefix

T = TypeVar("T")


class RunOptions(EvidenceOptions, frozen=True):
    """The options of a capture, and those of the web server."""

    OPTIONS: ClassVar[Options] = (
        *EvidenceOptions.OPTIONS,
        click.option(
            "--web.listen-address",
            "listen",
            multiple=True,
            metavar="ADDRESS|off",
            help="Where to serve metrics: HOST:PORT, :PORT for all addresses, or unix:PATH; repeat it for "
            "more. Default: 127.0.0.1:10977.",
        ),
        click.option(
            "--web.systemd-socket",
            "systemd_socket",
            is_flag=True,
            help="Serve on the sockets that systemd passes.",
        ),
        click.option(
            "--web.config.file",
            "web_config",
            type=FILE,
            metavar="FILE",
            help="TLS and passwords for metrics (web.config.yml).",
        ),
        click.option(
            "--web.external-url",
            "external_url",
            metavar="URL",
            help="URL under which a reverse proxy offers the server.",
        ),
        click.option(
            "--web.route-prefix",
            "route_prefix",
            metavar="PATH",
            help="Path in front of all others. Default: the path of --web.external-url.",
        ),
        click.option(
            "--web.enable-lifecycle",
            "enable_lifecycle",
            is_flag=True,
            help="Let a POST to /-/reload reload the signatures.",
        ),
    )
    listen: tuple[str, ...] = ()
    systemd_socket: bool = False
    web_config: Path | None = None
    external_url: str | None = None
    route_prefix: str | None = None
    enable_lifecycle: bool = False

    def load(self) -> Config:
        """The configuration, overridden by these options. Raises ConfigError."""
        config = super().load()
        return replace(config, web=self._override(config.web))

    def _override(self, web: WebOptions) -> WebOptions:
        if self.systemd_socket and self.listen:
            raise ConfigError(
                "--web.systemd-socket: systemd passes the sockets, so give no address to listen on"
            )
        if self.listen:
            web = replace(web, listen=_read_addresses(self.listen), systemd_socket=False)
        if self.external_url is not None:
            url = _read("--web.external-url", parse_external_url, self.external_url)
            web = replace(web, external_url=url)
        if self.route_prefix is not None:
            prefix = _read("--web.route-prefix", parse_prefix, self.route_prefix)
            web = replace(web, route_prefix=prefix)
        return replace(
            web,
            systemd_socket=web.systemd_socket or self.systemd_socket,
            config_file=self.web_config or web.config_file,
            enable_lifecycle=web.enable_lifecycle or self.enable_lifecycle,
        )


def _read_addresses(texts: Sequence[str]) -> tuple[ListenAddress, ...]:
    if tuple(texts) == ("off",):
        return ()
    return tuple(dict.fromkeys(_read("--web.listen-address", parse_listen, text) for text in texts))


def _read(option: str, parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from error
