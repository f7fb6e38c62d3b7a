"""`netmon check`: validates the configuration and shows the settings in effect."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import click

from netmon import wiring
from netmon.cli.grouping import grouped
from netmon.cli.not_checked import not_checked
from netmon.cli.options import ConfigOptions
from netmon.cli.output_paths import check_kinds, check_shared_paths, unwritable
from netmon.cli.page import progress_console
from netmon.cli.reading import reading_signatures
from netmon.cli.terminal import log, write_line
from netmon.config.settings import Config, Privileges, state_folder, store_path
from netmon.places.database import Database
from netmon.places.databases import Databases, default_folders
from netmon.places.declared import Declaration, Position
from netmon.places.labels import DatabaseLabel
from netmon.places.provider import UNKNOWN_PROVIDER
from netmon.places.providers import find_providers, known_providers
from netmon.privacy.key_file import read_key
from netmon.signatures.model import SignatureSet
from netmon.verdict.policy import Policy, PolicyException, Relay
from netmon.verdict.subjects import Subjects
from netmon.web.options import WebOptions


@click.command()
@grouped(ConfigOptions)
def check(options: ConfigOptions) -> None:
    """Checks the configuration and shows the settings in effect.

    Also reads the signatures, the location databases, the key file and the web server's configuration, and
    warns of policy exceptions that have expired. Says what it did not check.

    Examples:

      netmon check

      netmon check --config /etc/netmon/netmon.yaml
    """
    # The web server is slow to import, and only this command and `run` need it.
    from netmon.web.guard import WebGuard  # noqa: PLC0415

    settings = options.load()
    check_shared_paths(settings, os.environ)
    check_kinds(settings, os.environ)
    with reading_signatures(progress_console()) as count:
        known = wiring.load_signatures(settings, log, count)
    databases = wiring.open_databases(settings, log)
    if settings.privacy_key is not None:
        read_key(settings.privacy_key)
    if settings.web.config_file is not None:
        WebGuard(settings.web.config_file, write_line)
    write_line(f"configuration: {settings.file or 'no file found, using the defaults'}")
    for key, value in effective(settings):
        write_line(f"  {key}: {value}")
    if settings.learning_days:
        write_line(
            f"new destinations are not reported for {settings.learning_days} days after a vendor's first "
            "flow (state.learning_days); findings are reported at once"
        )
    rules = len(known.rules)
    write_line(f"signatures: {known.folder}")
    write_line(f"  {', '.join(sorted(known.vendors))}: {rules} names and networks, sha256 {known.sha256}")
    write_line("not checked, because only a start of the sensor shows it, or netmon doctor:")
    for text in not_checked(settings):
        write_line(f"  {text}")
    write_line("location databases:")
    for text in _database_texts(databases):
        write_line(f"  {text}")
    today = datetime.now(UTC).date().isoformat()
    for line in _tolerated_concerns(settings.policy, known, today):
        log(line)
    for one in settings.policy.exceptions:
        if one.until < today:
            log(f"policy.exceptions: expired, no longer in effect: {_exception_text(one)}")
        elif one.lifts == "contact" and not settings.policy.restricts_contact(one.vendor, one.component):
            log(
                "policy.exceptions: without effect: contact is neither forbidden nor to go through relays "
                f"(for its place, add `lifts: place`): {_exception_text(one)}"
            )
    for line in unwritable(settings, os.environ):
        log(line)
    write_line("no errors")


def _tolerated_concerns(policy: Policy, known: SignatureSet, day: str) -> Iterable[str]:
    """Countries that the policy tolerates to no effect, because they are of concern."""
    for vendor in known.vendors.values():
        stated = {concern.country for concern in vendor.concerns}
        for country in sorted(policy.concerns.get(vendor.id, stated)):
            if policy.is_tolerated(vendor.id, country, known.groups, day):
                yield (
                    f"policy.tolerated: {country} is a country of concern of {vendor.id}, so a finding there "
                    "stays critical (to permit it, use policy.allowed or policy.concerns)"
                )


def effective(settings: Config) -> Iterable[tuple[str, str]]:
    """All settings: the key in netmon.yaml, and the value in words."""
    yield "sensor.name", settings.sensor
    yield "sensor.site", settings.site or "none"
    yield "sensor.position", _position_text(settings.position)
    yield (
        "subject.country",
        settings.subjects.country or _no_country_text(settings.subjects),
    )
    yield "subject.networks", _networks_text(settings.subjects)
    yield "subject.inventory", ", ".join(map("{0[0]} {0[1]:,}".format, settings.inventory.items())) or "none"
    capture = settings.capture
    yield "capture.interfaces", ", ".join(capture.interfaces) or "none: give them with -i"
    yield (
        "capture.require_all",
        "true" if capture.require_all else "false: one that can be captured is enough",
    )
    yield "capture.workers", str(capture.workers)
    yield "capture.ring_mib", str(capture.ring_mib)
    yield "capture.snaplen", str(capture.snaplen)
    yield "capture.promiscuous", "true" if capture.promiscuous else "false"
    yield "capture.offload", capture.offload
    yield "capture.one_clock", "true" if capture.one_clock else "false: files may come from several hosts"
    for key, ports in capture.port_keywords().items():
        yield f"capture.{key}", ", ".join(map(str, ports)) or "none"
    for key, number in settings.limits.keywords().items():
        yield f"flows.{key}", str(number)
    yield "flows.separate_by", ", ".join(settings.separate_by) or "none: addresses alone"
    yield "flows.report_every_s", str(settings.report_every_s)
    yield "dns.resolvers", ", ".join(map(str, settings.site_resolvers)) or "none: those that answer a client"
    yield "dns.nat64_prefixes", ", ".join(settings.nat64_prefixes) or "none: the well-known, and learned ones"
    yield "signatures.folder", str(settings.signatures or "the bundled ones")
    yield "places.databases", _databases_text(settings)
    yield "places.declared", "; ".join(map(_declaration_text, settings.declarations)) or "none"
    yield "policy.forbidden_vendors", ", ".join(sorted(settings.policy.forbidden_vendors)) or "none"
    yield "policy.forbidden_components", "; ".join(_lists(settings.policy.forbidden_components)) or "none"
    yield "policy.forbidden_severity", settings.policy.forbidden_severity
    yield "policy.allowed", "; ".join(_allowed_texts(settings.policy)) or "none"
    yield "policy.tolerated", "; ".join(_lists(settings.policy.tolerated)) or "none"
    yield "policy.exceptions", "; ".join(map(_exception_text, settings.policy.exceptions)) or "none"
    yield "policy.concerns", "; ".join(_lists(settings.policy.concerns)) or "those of the signatures"
    yield "policy.relays", "; ".join(map(_relay_text, settings.policy.relays)) or "none"
    yield "state.folder", str(state_folder(settings, os.environ))
    yield "state.learning_days", str(settings.learning_days)
    yield "privacy.level", f"{settings.privacy_level}: {_LEVELS[settings.privacy_level]}"
    yield "privacy.key_file", str(settings.privacy_key or "none: a random key at each start")
    yield "privacy.count_period", settings.count_period
    yield from _events_texts(settings)
    yield from _spool_texts(settings)
    evidence = settings.evidence
    yield "evidence.folder", str(evidence.folder or "none: no evidence is written")
    yield "evidence.max_mib", str(evidence.max_mib)
    yield "evidence.keep_days", str(evidence.keep_days)
    yield "evidence.memory_mib", str(evidence.memory_mib)
    yield from _store_texts(settings)
    yield from _privilege_texts(settings.privileges)
    yield "metrics.hold_zero_s", str(settings.hold_zero_s)
    yield "metrics.created_series", "true" if settings.created_series else "false"
    yield from _web_texts(settings.web)


def _web_texts(web: WebOptions) -> Iterable[tuple[str, str]]:
    listen = "the sockets of systemd" if web.systemd_socket else ", ".join(map(str, web.listen))
    yield "web.listen", listen or "off"
    yield "web.systemd_socket", "true" if web.systemd_socket else "false"
    yield "web.external_url", web.external_url or "none"
    yield "web.route_prefix", web.prefix or "/"
    yield "web.config_file", str(web.config_file or "none: no TLS and no passwords")
    yield "web.enable_lifecycle", "true" if web.enable_lifecycle else "false: only SIGHUP reloads"


def _events_texts(settings: Config) -> Iterable[tuple[str, str]]:
    rotation = settings.rotation
    yield "events.file", str(settings.events or "none")
    yield "events.datasets", ", ".join(settings.datasets)
    yield "events.rotate_mib", str(rotation.rotate_mib or "0: the size does not matter")
    yield "events.rotate_hours", str(rotation.rotate_hours or "0: the age does not matter")
    yield "events.keep", str(rotation.keep)
    yield "events.compress", "true" if rotation.compress else "false"


def _spool_texts(settings: Config) -> Iterable[tuple[str, str]]:
    yield "spool.folder", str(settings.spool.folder or "none")
    yield "spool.max_mib", str(settings.spool.max_mib)


def _store_texts(settings: Config) -> Iterable[tuple[str, str]]:
    store = settings.store
    yield "store.path", str(store_path(settings, os.environ) or "off: nothing is kept")
    yield "store.keep_days", str(store.keep_days or "0: the age does not matter")
    yield "store.max_mib", str(store.max_mib or "0: the size does not matter")


def _privilege_texts(privileges: Privileges) -> Iterable[tuple[str, str]]:
    yield "privileges.user", privileges.user or "netmon, or else nobody, if netmon run is started as root"
    yield "privileges.stay_root", "true" if privileges.stay_root else "false"
    yield (
        "privileges.filter_calls",
        "true" if privileges.filter_calls else "false: all system calls are allowed",
    )


_LEVELS: Mapping[int, str] = {
    0: "clients' addresses",
    1: "daily pseudonyms",
    2: "clients' networks only",
    3: "nothing about clients",
}


def _no_country_text(subjects: Subjects) -> str:
    if subjects.networks:
        return "none: that of the longest network in subject.networks"
    return "none: no country-specific promise applies; write two letters, such as DE"


def _networks_text(subjects: Subjects) -> str:
    """The networks with their countries, and for which IP versions other clients have none."""
    if not subjects.networks:
        return "none: one country for all clients"
    networks = ", ".join(f"{network} {country}" for network, country in subjects.networks.items())
    everyone = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    rest = [f"IPv{one.version}" for one in everyone if one not in subjects.networks]
    if not rest:
        return networks
    return f"{networks}; other {' and '.join(rest)} clients: none, no country-specific promise applies"


def _position_text(position: Position | None) -> str:
    if position is None:
        return "none: round trips exclude no places"
    return f"{position.latitude}, {position.longitude} ± {position.accuracy_km:g} km"


def _databases_text(settings: Config) -> str:
    if settings.databases is None:
        return f"all in {', '.join(map(str, default_folders(os.environ)))}"
    return ", ".join(map(_labelled(settings), settings.databases)) or "none"


def _labelled(settings: Config) -> Callable[[Path], str]:
    def text(path: Path) -> str:
        label = settings.labels.get(path, DatabaseLabel())
        said = f"provider {label.provider}" if label.provider else ""
        about = label.about if label.about == "registration" else ""
        note = ", ".join(filter(None, (said, about)))
        return f"{path} ({note})" if note else str(path)

    return text


def _database_texts(databases: Databases) -> Iterable[str]:
    """Name, provider, build date, contents and path of each database, and what needs attention."""
    for one in databases.current:
        families = "IPv4 and IPv6" if one.ip_version == 6 else "IPv4"
        yield f"{one.name}: {_provider_text(one)}; built {one.date}; {families}; {_content(one)}; {one.path}"
    located = [one for one in databases.current if one.about == "location" and "country" in one.fields]
    unknown = [one.name for one in located if one.provider == UNKNOWN_PROVIDER]
    if unknown:
        yield (
            f"provider unknown: {', '.join(unknown)}: together they count as one source, which confirms no"
            " other; name the provider in places.databases"
        )
    for path, reason in databases.unused:
        yield f"not used: {path}: {reason}"
    if not databases.current:
        yield "none found: only signatures and declarations locate addresses"


def _provider_text(database: Database) -> str:
    """The provider, where it is named, and whether the name of the file says otherwise."""
    if database.provider_from is None:
        return "provider unknown"
    known = known_providers().get(database.provider)
    title = known.title if known else database.provider
    others = set(find_providers(database.path.stem)) - {database.provider}
    doubt = f", but its file name says {', '.join(sorted(others))}" if others else ""
    return f"provider {title} (from the {database.provider_from}{doubt})"


def _content(database: Database) -> str:
    if database.about == "merged":
        return f"{', '.join(database.fields)}; locates only where it differs from the registration of the AS"
    return ", ".join(database.fields) if database.about == "location" else "registrations only"


def _declaration_text(declaration: Declaration) -> str:
    where = ", ".join(part for part in (declaration.city, declaration.country) if part)
    return f"{declaration.prefix} in {where} ({declaration.author}: {declaration.reason})"


def _exception_text(one: PolicyException) -> str:
    since = f" from {one.since}" if one.since else ""
    what = f"{one.lifts} of {one.vendor} {one.component or '*'} for {one.clients}"
    return f"{what}{since} until {one.until} ({one.author}: {one.reason})"


def _relay_text(one: Relay) -> str:
    since = f" from {one.since}" if one.since else ""
    return f"{one.vendor} {one.component or '*'} through {one.clients}{since} ({one.author}: {one.reason})"


def _allowed_texts(policy: Policy) -> Iterable[str]:
    for vendor, components in sorted(policy.allowed.items()):
        for component, places in sorted(components.items()):
            yield f"{vendor} {component} in {', '.join(sorted(places)) or 'no place (forbidden)'}"


def _lists(words: Mapping[str, frozenset[str]]) -> Iterable[str]:
    for vendor, chosen in sorted(words.items()):
        yield f"{vendor}: {', '.join(sorted(chosen)) or 'none'}"
