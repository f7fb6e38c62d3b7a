"""`netmon.yaml` → a frozen `Config`, or all errors in it with file, line and key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from netmon.config.label import read_label
from netmon.config.policy import POLICY_KEYS, read_policy
from netmon.config.settings import (
    DATASETS,
    OFFLOADS,
    SEPARATIONS,
    Capture,
    Config,
    Dataset,
    EvidenceFiles,
    Mention,
    Privileges,
    Rotation,
    SpoolOptions,
    StoreSettings,
)
from netmon.config.subject import read_inventory, read_subjects
from netmon.config.values import (
    NO_NETWORK,
    read_address,
    read_country,
    read_day,
    read_nat64_prefix,
    read_network,
    read_period,
)
from netmon.config.web import WEB_KEYS, read_web
from netmon.errors import ConfigError, reason_of
from netmon.limits import Limits
from netmon.places.declared import ACCURACY_KM, Declaration, Position
from netmon.places.labels import DatabaseLabel
from netmon.yaml_nodes import Document, Fields, Item, in_lines


def load(file: Path) -> Config:
    """The configuration in a file.

    Raises ConfigError with one "file:line: message" per line for every error.
    """
    if file.is_dir():
        raise ConfigError(f"{file}: a folder; name a file in it, such as {file / 'netmon.yaml'}")
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
    "spool",
    "evidence",
    "store",
    "privileges",
    "metrics",
    "web",
)


def _read(root: Item, file: Path) -> Config:
    top = root.fields((), _SECTIONS)
    default = Config()
    subject = _section(top, "subject", ("country", "networks", "inventory"))
    sensor = _section(top, "sensor", ("name", "site", *Position.__struct_fields__))
    flows = _section(top, "flows", (*Limits.__struct_fields__, "separate_by", "report_every_s"))
    metrics = _section(top, "metrics", ("hold_zero_s", "created_series"))
    web = _section(top, "web", WEB_KEYS)
    places = _section(top, "places", ("databases", "declared"))
    dns = _section(top, "dns", ("resolvers", "nat64_prefixes"))
    privacy = _section(top, "privacy", ("level", "key_file", "count_period"))
    state = _section(top, "state", ("folder", "learning_days"))
    events = _section(top, "events", ("file", "datasets", *Rotation.__struct_fields__))
    mentions: list[Mention] = []
    labels: dict[Path, DatabaseLabel] = {}
    return Config(
        sensor=sensor.read("name", Item.text, default.sensor),
        site=sensor.read("site", Item.text, default.site),
        position=_read_position(sensor),
        subjects=read_subjects(subject),
        inventory=read_inventory(subject, mentions),
        capture=_read_capture(_section(top, "capture", Capture.__struct_fields__)),
        limits=Limits(
            **{
                key: flows.read(key, _READERS.get(key, _count), getattr(default.limits, key))
                for key in Limits.__struct_fields__
            }
        ),
        separate_by=flows.each("separate_by", lambda item: item.one_of(SEPARATIONS)),
        report_every_s=flows.read("report_every_s", lambda item: item.integer(1, 60), default.report_every_s),
        site_resolvers=dns.each("resolvers", read_address),
        nat64_prefixes=dns.each("nat64_prefixes", read_nat64_prefix),
        signatures=_section(top, "signatures", ("folder",)).read("folder", _path_from(file), None),
        databases=places.read("databases", _databases_from(file, labels), default.databases),
        labels=labels,
        declarations=places.each("declared", _read_declaration),
        policy=read_policy(_section(top, "policy", POLICY_KEYS), mentions),
        mentions=tuple(mentions),
        state=state.read("folder", _path_from(file), None),
        learning_days=state.read("learning_days", lambda item: item.integer(0, 365), default.learning_days),
        privacy_level=privacy.read("level", lambda item: item.integer(0, 3), default.privacy_level),
        privacy_key=privacy.read("key_file", _path_from(file), None),
        count_period=privacy.read("count_period", read_period, default.count_period),
        events=events.read("file", _path_from(file), None),
        datasets=_read_datasets(events),
        rotation=_read_rotation(events),
        spool=_read_spool(_section(top, "spool", SpoolOptions.__struct_fields__), _path_from(file)),
        evidence=_read_evidence(_section(top, "evidence", EvidenceFiles.__struct_fields__), file),
        store=_read_store(_section(top, "store", ("path", "keep_days", "max_mib")), _path_from(file)),
        privileges=_read_privileges(_section(top, "privileges", Privileges.__struct_fields__)),
        hold_zero_s=metrics.read("hold_zero_s", lambda item: item.integer(0, 3600), default.hold_zero_s),
        created_series=metrics.read("created_series", Item.flag, default.created_series),
        web=read_web(web, _path_from(file)),
        file=file,
    )


def _section(top: Fields, key: str, known: tuple[str, ...]) -> Fields:
    """The keys of a section without those that have no value: these keep their defaults."""
    if key not in top or top[key].is_null():
        return Fields()
    section = top[key].fields((), known)
    return Fields({word: item for word, item in section.items() if not item.is_null()})


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
        require_all=fields.read("require_all", Item.flag, default.require_all),
        workers=fields.read("workers", lambda item: item.integer(1, 64), default.workers),
        ring_mib=fields.read("ring_mib", lambda item: item.integer(2, 4096), default.ring_mib),
        snaplen=fields.read("snaplen", lambda item: item.integer(128, 262_144), default.snaplen),
        promiscuous=fields.read("promiscuous", Item.flag, default.promiscuous),
        offload=fields.read("offload", lambda item: item.one_of(OFFLOADS), default.offload),
        one_clock=fields.read("one_clock", Item.flag, default.one_clock),
        vxlan_ports=fields.read("vxlan_ports", _read_ports, default.vxlan_ports),
        geneve_ports=fields.read("geneve_ports", _read_ports, default.geneve_ports),
        hp_erm_ports=fields.read("hp_erm_ports", _read_ports, default.hp_erm_ports),
    )


def _read_ports(item: Item) -> tuple[int, ...]:
    """UDP ports; an empty list for none."""
    return tuple(element.integer(1, 65_535) for element in item.elements())


def _read_datasets(events: Fields) -> tuple[Dataset, ...]:
    if "datasets" not in events:
        return Config().datasets
    chosen = set(events.each("datasets", lambda item: item.one_of(DATASETS)))
    if not chosen:
        events["datasets"].report(f"is empty: list some of {', '.join(DATASETS)}, or leave the key out")
    return tuple(one for one in DATASETS if one in chosen)


def _read_rotation(events: Fields) -> Rotation:
    default = Rotation()
    return Rotation(
        rotate_mib=events.read("rotate_mib", lambda item: item.integer(0, 1_048_576), default.rotate_mib),
        rotate_hours=events.read("rotate_hours", lambda item: item.integer(0, 8_784), default.rotate_hours),
        keep=events.read("keep", lambda item: item.integer(1, 10_000), default.keep),
        compress=events.read("compress", Item.flag, default.compress),
    )


def _read_spool(fields: Fields, read_path: Callable[[Item], Path]) -> SpoolOptions:
    default = SpoolOptions()
    return SpoolOptions(
        folder=fields.read("folder", read_path, None),
        max_mib=fields.read("max_mib", lambda item: item.integer(8, 1_048_576), default.max_mib),
    )


def _read_evidence(fields: Fields, file: Path) -> EvidenceFiles:
    default = EvidenceFiles()
    return EvidenceFiles(
        folder=fields.read("folder", _path_from(file), None),
        max_mib=fields.read("max_mib", lambda item: item.integer(1, 1_048_576), default.max_mib),
        keep_days=fields.read("keep_days", lambda item: item.integer(1, 36_500), default.keep_days),
        memory_mib=fields.read("memory_mib", lambda item: item.integer(1, 65_536), default.memory_mib),
    )


def _read_store(store: Fields, read_path: Callable[[Item], Path]) -> StoreSettings:
    default = StoreSettings()
    is_off = "path" in store and store["path"].is_text() and store["path"].text() == "off"
    if "path" in store and store["path"].is_text() and "://" in store["path"].text():
        store["path"].report(
            "a sensor stores in a file, because it opens no connection: give a file, and bring its events "
            "to a server with `netmon store import`"
        )
    return StoreSettings(
        path=None if is_off else store.read("path", read_path, default.path),
        is_off=is_off,
        keep_days=store.read("keep_days", lambda item: item.integer(0, 36_500), default.keep_days),
        max_mib=store.read("max_mib", lambda item: item.integer(0, 1_048_576), default.max_mib),
    )


def _read_privileges(fields: Fields) -> Privileges:
    default = Privileges()
    return Privileges(
        user=fields.read("user", Item.text, default.user),
        stay_root=fields.read("stay_root", Item.flag, default.stay_root),
        filter_calls=fields.read("filter_calls", Item.flag, default.filter_calls),
    )


def _read_position(sensor: Fields) -> Position | None:
    """The position of the sensor: latitude and longitude are required together, the accuracy is optional."""
    given = [key for key in Position.__struct_fields__ if key in sensor]
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


def _read_declaration(item: Item) -> Declaration:
    keys = ("network", "country", "author", "reason")
    fields = item.fields(keys, ("city", "date", "valid_from", "valid_to"))
    return Declaration(
        prefix=str(fields.read("network", read_network, NO_NETWORK)),
        country=fields.read("country", read_country, ""),
        city=fields.read("city", Item.text, None),
        author=fields.read("author", Item.text, ""),
        reason=fields.read("reason", Item.text, ""),
        date=fields.read("date", read_day, None),
        valid_from=fields.read("valid_from", read_day, None),
        valid_to=fields.read("valid_to", read_day, None),
    )
