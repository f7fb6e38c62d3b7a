"""`netmon top`: what a running sensor sees, on a screen that keeps itself up to date."""

from __future__ import annotations

import getpass
import os
import socket
import sys
import time
from datetime import datetime
from pathlib import Path

import click

from netmon.cli.grouping import grouped
from netmon.cli.options import ConfigOptions
from netmon.cli.page import terminal_width
from netmon.cli.single_options import language_option
from netmon.cli.spoken_language import LanguageName, chosen_language
from netmon.cli.terminal import write_line
from netmon.cli.values import FILE, WORD, whole_number
from netmon.config.settings import STORE_NAME, Config, store_path
from netmon.errors import ConfigError, TopError
from netmon.language.language import Language
from netmon.top.drawing import listing
from netmon.top.glance import NAMES
from netmon.top.sensor_page import PASSWORD, Address, Credentials, NoAnswerError, SensorPage, parse_address
from netmon.top.state import TopState
from netmon.top.watch import SensorWatch
from netmon.web import config as web_config

SERVICE_STORE = Path("/var/lib/netmon") / STORE_NAME
"""Where the service of systemd keeps its store."""


@click.command()
@click.argument(
    "sensor",
    metavar="[ADDRESS]",
    required=False,
    help="Where the sensor serves its metrics, such as http://127.0.0.1:10977 or unix:PATH. Default: "
    "as the configuration says.",
)
@click.option(
    "--store",
    type=WORD,
    metavar="STORE",
    help="Store of the sensor. Default: that of the configuration.",
)
@click.option(
    "--every",
    type=whole_number(1, 3600),
    default=2,
    metavar="SECONDS",
    help="Time between two readings of the metrics.",
)
@click.option(
    "--once", is_flag=True, help="Read the metrics twice, print the screen, and exit; needs no terminal."
)
@click.option(
    "--user",
    metavar="NAME",
    help=f"User for the sensor's web server; the password is asked for, or taken from {PASSWORD}.",
)
@click.option("--ca", type=FILE, metavar="FILE", help="Certificates of authorities to trust for https://.")
@click.option(
    "--cert",
    type=FILE,
    metavar="FILE",
    help="Certificate to show to a sensor whose web server asks for one.",
)
@click.option("--key", type=FILE, metavar="FILE", help="Its key. Default: that in the file of --cert.")
@language_option
@grouped(ConfigOptions)
def top(
    sensor: str | None,
    store: str | None,
    every: int,
    once: bool,
    user: str | None,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    language: LanguageName | None,
    options: ConfigOptions,
) -> None:
    """Watches a running sensor: flows by verdict, rates, the quality of its view, and the latest findings.

    Needs no rights: it reads the sensor's metrics, on this machine or another. If this user can read the
    sensor's store, findings show their clients and names, and flows can be grouped by client.

    Keys: q quits, ? shows all keys.

    Examples:

      netmon top

      sudo netmon top

      netmon top https://sensor.example:10977 --user alice --ca /etc/ssl/netmon-ca.pem

      netmon top https://sensor.example:10977 --ca ca.pem --cert me.pem --key me.key

      netmon top --once
    """
    if key is not None and cert is None:
        raise click.BadParameter("requires --cert", param_hint="--key")
    if sensor is not None:
        _check_meant(sensor)
    settings = _settings(options, is_address_given=sensor is not None)
    address = _address_of(settings) if sensor is None else parse_address(sensor)
    if not once:
        _need_terminal(address)
    page = _open(address, Credentials(user, ca_file=ca, cert_file=cert, key_file=key))
    places = [store] if store is not None else _stores(settings)
    watch = SensorWatch(page, places, every)
    try:
        state = _first(watch, TopState(str(address)))
        chosen = chosen_language(language)
        if once:
            _print_once(watch, state, chosen)
            return
        from netmon.cli.top_terminal import show  # noqa: PLC0415 - not every Python has curses

        code = show(watch, state, chosen)
    finally:
        page.close()
    sys.exit(code)


def _check_meant(word: str) -> None:
    """Raises TopError for a capture or an interface, which other commands take."""
    if Path(word).is_file():
        raise TopError(f"{word}: netmon top watches a running sensor; for a capture: netmon read {word}")
    if word in (name for _, name in socket.if_nameindex()):
        raise TopError(
            f"{word}: netmon top watches a running sensor; to start one: sudo netmon run -i {word}"
        )


def _first(watch: SensorWatch, state: TopState) -> TopState:
    """The state after the first look. Raises TopError."""
    try:
        return watch.first(state)
    except NoAnswerError as error:
        advice = "start a sensor, such as `sudo netmon run -i IF`, or give the address of one that runs"
        raise TopError(f"{error}: {advice}") from error


def _settings(options: ConfigOptions, *, is_address_given: bool) -> Config:
    """The configuration; one that this user cannot read does not matter if the address is known."""
    try:
        return options.load()
    except ConfigError:
        if is_address_given and options.config is None:
            return Config()
        raise


def _address_of(settings: Config) -> Address:
    """Where the configuration says that metrics are served. Raises ConfigError."""
    web = settings.web
    if web.is_off:
        raise ConfigError(f"{settings.file}: web.listen is off, so no sensor can be watched: set an address")
    listen = web.listen[0] if web.listen else None
    is_tls = web.config_file is not None and web_config.load(web.config_file).tls is not None
    if listen is None:  # systemd's socket: that of deploy/netmon.socket
        return Address(prefix=web.prefix, is_tls=is_tls)
    if listen.path is not None:
        return Address(path=listen.path, prefix=web.prefix)
    here = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
    return Address(here.get(listen.host, listen.host), listen.port, web.prefix, is_tls)


def _stores(settings: Config) -> list[str]:
    """Where the store of a sensor on this machine may be."""
    configured = store_path(settings, os.environ)
    return list(dict.fromkeys(str(path) for path in (configured, SERVICE_STORE) if path is not None))


def _need_terminal(address: Address) -> None:
    is_terminal = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
    if not is_terminal or os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise TopError(
            f"netmon top needs a terminal that can move its cursor; without one: netmon top --once {address}"
        )


def _open(address: Address, given: Credentials) -> SensorPage:
    """The page of the sensor; asks for a password where the sensor wants one. Raises TopError."""
    password, user = os.environ.get(PASSWORD), given.user
    if user is not None and password is None:
        if sys.stdin is None or not sys.stdin.isatty():
            raise TopError(
                f"--user {user}: there is no terminal to ask for a password: put it into {PASSWORD}"
            )
        try:
            password = getpass.getpass(f"Password of {user} at {address}: ")
        except EOFError as error:
            raise TopError(f"--user {user}: no password was given") from error
    return SensorPage(address, NAMES, given._replace(password=password or ""))


def _print_once(watch: SensorWatch, state: TopState, language: Language) -> None:
    """Prints what the screen would show; the second look gives the rates."""
    time.sleep(watch.every_s)
    watch.look(state.where)
    state = watch.applied(state)
    for line in listing(state, datetime.now().astimezone(), terminal_width() or 120, language):
        write_line("".join(span.text for span in line).rstrip())
