"""`netmon.yaml` → a frozen `Config`, or all errors in it with file, line and key."""

from __future__ import annotations

import datetime
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from netmon.countries import check_country
from netmon.errors import ConfigError, reason_of
from netmon.limits import Limits
from netmon.places.declared import ACCURACY_KM, Declaration, Position
from netmon.places.labels import DatabaseLabel, read_label
from netmon.policy import LIFTS, Address, Lifts, Network, Policy, PolicyException
from netmon.promises import Subject
from netmon.yaml_nodes import Document, Fields, Item, in_lines

DEFAULT_PORT = 10977


@dataclass(frozen=True, slots=True)
class Capture:
    """How packets are captured from mirror ports."""

    interfaces: tuple[str, ...] = ()
    workers: int = 1
    ring_mib: int = 32  # for each worker and interface
    snaplen: int = 65_535
    promiscuous: bool = True


@dataclass(frozen=True, slots=True)
class Mention:
    """A vendor, component or place named in the policy, which must exist in the signatures."""

    where: str  # Item.where
    vendor: str
    component: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. The defaults equal the shipped `netmon.yaml`."""

    sensor: str = "netmon"
    position: Position | None = None  # of the sensor; None: round trips exclude no places
    subject: Subject = field(default_factory=Subject)
    capture: Capture = field(default_factory=Capture)
    limits: Limits = field(default_factory=Limits)
    report_every_s: int = 5
    site_resolvers: tuple[Address, ...] = ()  # resolvers that look names up for the site's clients
    signatures: Path | None = None  # None: the bundled ones
    databases: tuple[Path, ...] | None = None  # files and folders; None: the default folders
    labels: Mapping[Path, DatabaseLabel] = field(default_factory=dict)  # for some of these paths
    declarations: tuple[Declaration, ...] = ()
    policy: Policy = field(default_factory=Policy)
    mentions: tuple[Mention, ...] = ()
    state: Path | None = None  # folder for state kept across restarts; None: the default one
    learning_days: int = 0
    privacy_level: int = 1
    privacy_key: Path | None = None
    events: Path | None = None
    listen: tuple[str, int] | None = ("127.0.0.1", DEFAULT_PORT)
    web_config: Path | None = None  # web.config.yml with TLS and passwords
    file: Path | None = None  # the file that it was read from

    def engine_keywords(self) -> dict[str, Any]:
        """Keyword arguments for the engine's constructors."""
        return {**self.limits.keywords(), "site_resolvers": self.site_resolvers}


def find_file(given: Path | None, environment: dict[str, str] | None = None) -> Path | None:
    """The configuration file: the given one, or the first of the default places; None if there is none."""
    env = dict(os.environ) if environment is None else environment
    if given is not None:
        return given
    if env.get("NETMON_CONFIG"):
        return Path(env["NETMON_CONFIG"])
    home = Path(env.get("XDG_CONFIG_HOME") or Path(env.get("HOME", "/")) / ".config")
    places = (home / "netmon" / "netmon.yaml", Path("/etc/netmon/netmon.yaml"))
    # os.path.isfile is False where Path.is_file would raise: in folders without read permission.
    return next((place for place in places if os.path.isfile(place)), None)  # noqa: PTH113


def state_folder(config: Config, environment: Mapping[str, str]) -> Path:
    """The folder for state: as configured, or else from the environment (systemd, XDG, home)."""
    if config.state is not None:
        return config.state
    if environment.get("STATE_DIRECTORY"):
        return Path(environment["STATE_DIRECTORY"].split(":")[0])
    if environment.get("XDG_STATE_HOME"):
        return Path(environment["XDG_STATE_HOME"]) / "netmon"
    if environment.get("HOME"):
        return Path(environment["HOME"]) / ".local" / "state" / "netmon"
    return Path("/var/lib/netmon")


def load(file: Path | None) -> Config:
    """The configuration in a file; the defaults if `file` is None.

    Raises ConfigError with one "file:line: message" per line for every error.
    """
    if file is None:
        return Config()
    try:
        document = Document(file, names_keys=True)
    except OSError as error:
        raise ConfigError(f"{file}: {reason_of(error)}") from error
    config = _read(document.root, file) if document.root else Config()
    if document.problems:
        raise ConfigError(in_lines(document.problems))
    return config


_SECTIONS = (
    "sensor",
    "subject",
    "capture",
    "flows",
    "dns",
    "signatures",
    "places",
    "policy",
    "state",
    "privacy",
    "events",
    "web",
)


def _read(root: Item, file: Path) -> Config:
    top = root.fields((), _SECTIONS)
    default = Config()
    sensor = _section(top, "sensor", ("name", *Position.__slots__))
    flows = _section(top, "flows", (*Limits.__slots__, "report_every_s"))
    web = _section(top, "web", ("listen", "config_file"))
    places = _section(top, "places", ("databases", "declared"))
    dns = _section(top, "dns", ("resolvers",))
    privacy = _section(top, "privacy", ("level", "key_file"))
    state = _section(top, "state", ("folder", "learning_days"))
    mentions: list[Mention] = []
    labels: dict[Path, DatabaseLabel] = {}
    return Config(
        sensor=sensor.read("name", Item.text, default.sensor),
        position=_read_position(sensor),
        subject=Subject(_section(top, "subject", ("country",)).read("country", _read_country, None)),
        capture=_read_capture(_section(top, "capture", Capture.__slots__)),
        limits=Limits(
            **{
                key: flows.read(key, _READERS.get(key, _count), getattr(default.limits, key))
                for key in Limits.__slots__
            }
        ),
        report_every_s=flows.read("report_every_s", lambda item: item.integer(1, 60), default.report_every_s),
        site_resolvers=dns.each("resolvers", _read_address),
        signatures=_section(top, "signatures", ("folder",)).read("folder", _path_from(file), None),
        databases=places.read("databases", _databases_from(file, labels), default.databases),
        labels=labels,
        declarations=places.each("declared", _read_declaration),
        policy=_read_policy(
            _section(top, "policy", ("forbidden_vendors", "allowed", "exceptions", "concerns")), mentions
        ),
        mentions=tuple(mentions),
        state=state.read("folder", _path_from(file), None),
        learning_days=state.read("learning_days", lambda item: item.integer(0, 365), default.learning_days),
        privacy_level=privacy.read("level", lambda item: item.integer(0, 3), default.privacy_level),
        privacy_key=privacy.read("key_file", _path_from(file), None),
        events=_section(top, "events", ("file",)).read("file", _path_from(file), None),
        listen=web.read("listen", _read_listen, default.listen),
        web_config=web.read("config_file", _path_from(file), None),
        file=file,
    )


def _section(top: Fields, key: str, known: tuple[str, ...]) -> Fields:
    """The keys of a section without those that have no value: these keep their defaults."""
    if key not in top or top[key].is_null():
        return Fields()
    section = top[key].fields((), known)
    return Fields({word: item for word, item in section.items() if not item.is_null()})


def _read_address(item: Item) -> Address:
    try:
        return ipaddress.ip_address(item.text())
    except ValueError:
        item.report("expected an IP address")
        return ipaddress.IPv4Address(0)


def _count(item: Item) -> int:
    return item.integer(1, 2**31)


_READERS: Mapping[str, Callable[[Item], int]] = {
    "duplicate_window_ms": lambda item: item.integer(0, 60_000),  # 0: no detection of duplicates
}
"""Readers of limits that may be 0."""


def _path_from(file: Path) -> Callable[[Item], Path]:
    """A reader of paths, which are relative to the folder of the configuration."""
    return lambda item: file.parent / Path(item.text()).expanduser()


def _databases_from(file: Path, labels: dict[Path, DatabaseLabel]) -> Callable[[Item], tuple[Path, ...]]:
    """A reader of databases: paths, or paths with what the user says about them, added to `labels`."""
    read_path = _path_from(file)

    def read(item: Item) -> Path:
        if item.is_text():
            return read_path(item)
        fields = item.fields(("path",), ("provider", "about"))
        path = fields.read("path", read_path, Path())
        labels[path] = read_label(fields)
        return path

    return lambda item: tuple(read(element) for element in item.elements())


def _read_capture(fields: Fields) -> Capture:
    default = Capture()
    return Capture(
        interfaces=fields.read("interfaces", Item.texts, default.interfaces),
        workers=fields.read("workers", lambda item: item.integer(1, 64), default.workers),
        ring_mib=fields.read("ring_mib", lambda item: item.integer(2, 4096), default.ring_mib),
        snaplen=fields.read("snaplen", lambda item: item.integer(128, 262_144), default.snaplen),
        promiscuous=fields.read("promiscuous", Item.flag, default.promiscuous),
    )


def _read_position(sensor: Fields) -> Position | None:
    """The position of the sensor: latitude and longitude are required together, the accuracy is optional."""
    given = [key for key in Position.__slots__ if key in sensor]
    missing = [key for key in ("latitude", "longitude") if key not in sensor]
    if not given or missing:
        for key in given:
            sensor[key].report(f"sensor.{' and sensor.'.join(missing)} must be given as well")
        return None
    return Position(
        latitude=sensor["latitude"].number(-90, 90),
        longitude=sensor["longitude"].number(-180, 180),
        accuracy_km=sensor.read("accuracy_km", lambda item: item.number(0, 20_000), ACCURACY_KM),
    )


def _read_country(item: Item) -> str:
    country = item.text()
    problem = check_country(country) if country else None
    if problem:
        item.report(problem)
    return country


def _read_declaration(item: Item) -> Declaration:
    keys = ("network", "country", "author", "reason")
    fields = item.fields(keys, ("city", "date", "valid_from", "valid_to"))
    return Declaration(
        prefix=str(fields.read("network", _read_network, _NO_NETWORK)),
        country=fields.read("country", _read_country, ""),
        city=fields.read("city", Item.text, None),
        author=fields.read("author", Item.text, ""),
        reason=fields.read("reason", Item.text, ""),
        date=fields.read("date", _read_day, None),
        valid_from=fields.read("valid_from", _read_day, None),
        valid_to=fields.read("valid_to", _read_day, None),
    )


def _read_network(item: Item) -> Network:
    text = item.text()
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        if text:
            item.report(f"'{text}' is not a network: {error}")
        return _NO_NETWORK


_NO_NETWORK = ipaddress.ip_network("192.0.2.0/32")


def _read_day(item: Item) -> str:
    day = item.text()
    if day and not _is_day(day):
        item.report(f"'{day}' is not a date: write 2026-01-31")
    return day


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _read_place(item: Item) -> str:
    place = item.text()
    if place and not re.fullmatch("[A-Z]{2}|[a-z][a-z0-9_]*", place):
        item.report(f"'{place}' is neither a country, such as CH, nor a location, such as zurich")
    elif place.isupper() and (problem := check_country(place)):
        item.report(problem)
    return place


def _read_policy(fields: Fields, mentions: list[Mention]) -> Policy:
    """The policy. Vendors, components and places named in it are added to `mentions`."""

    def mention(item: Item, vendor: str, component: str | None = None, place: str | None = None) -> None:
        if vendor:
            mentions.append(Mention(item.where, vendor, component, place))

    def vendor(item: Item) -> str:
        mention(item, item.text())
        return item.text()

    def components(vendor: str, item: Item) -> dict[str, frozenset[str]]:
        mention(item, vendor)
        return {component: places(vendor, component, one) for component, one in item.entries().items()}

    def places(vendor: str, component: str, item: Item) -> frozenset[str]:
        mention(item, vendor, component)
        found = {_read_place(element): element for element in item.elements()}
        for place, element in found.items():
            mention(element, vendor, None, place)
        return frozenset(found)

    def exception(item: Item) -> PolicyException:
        needed = ("vendor", "clients", "until", "author", "reason")
        fields = item.fields(needed, ("component", "since", "lifts"))
        one = _read_exception(fields)
        for key in ("vendor", "component"):
            if key in fields:
                mention(fields[key], one.vendor, one.component if key == "component" else None)
        return one

    def countries(vendor: str, item: Item) -> frozenset[str]:
        mention(item, vendor)
        return frozenset(_read_country(element) for element in item.elements())

    return Policy(
        forbidden_vendors=frozenset(fields.each("forbidden_vendors", vendor)),
        allowed=fields.table("allowed", components),
        exceptions=fields.each("exceptions", exception),
        concerns=fields.table("concerns", countries),
    )


def _read_exception(fields: Fields) -> PolicyException:
    component = fields.read("component", Item.text, "*")
    since, until = fields.read("since", _read_day, None), fields.read("until", _read_day, "")
    if since and until and until < since:
        fields["until"].report(f"'{until}' is before '{since}', the start of the exception")
    return PolicyException(
        vendor=fields.read("vendor", Item.text, ""),
        component=None if component == "*" else component,
        clients=fields.read("clients", _read_network, _NO_NETWORK),
        until=until,
        author=fields.read("author", Item.text, ""),
        reason=fields.read("reason", Item.text, ""),
        since=since,
        lifts=fields.read("lifts", _read_lifts, "contact"),
    )


def _read_lifts(item: Item) -> Lifts:
    return cast(Lifts, item.one_of(LIFTS))


def _read_listen(item: Item) -> tuple[str, int] | None:
    text = item.text()
    if text == "off":
        return None
    try:
        return parse_listen(text)
    except ValueError as error:
        item.report(str(error))
        return None


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:10977" or "[::1]:10977". Raises ValueError with the reason."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or not 0 <= int(port) <= 65_535:
        raise ValueError(
            f"'{text}' is not an address to listen on: write HOST:PORT, such as 127.0.0.1:{DEFAULT_PORT}"
        )
    return host, int(port)
