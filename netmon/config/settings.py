"""All settings of netmon as frozen values, and where state is kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from msgspec import Struct, field

from netmon.limits import Limits
from netmon.places.declared import Declaration, Position
from netmon.places.labels import DatabaseLabel
from netmon.privacy import ADDRESS
from netmon.privacy.periods import Period
from netmon.verdict.policy import Address, Policy
from netmon.verdict.subjects import Subjects
from netmon.web.options import WebOptions

OFFLOADS = ("auto", "off")
"""Whether the kernel drops data that is of no use; auto: where it can."""

SEPARATIONS = ("vlan", "vni", "interface")
"""What can tell equal addresses of different hosts apart: a closed set."""


class Capture(Struct, frozen=True):
    """How packets are captured from mirror ports."""

    interfaces: tuple[str, ...] = ()  # names, patterns, or "any"
    require_all: bool = False  # start only if all of them can be captured
    workers: int = 1
    ring_mib: int = 32  # for each worker and interface
    snaplen: int = 65_535
    promiscuous: bool = True
    offload: str = "auto"  # of OFFLOADS
    one_clock: bool = False  # the interfaces of a capture file were timed by one host
    vxlan_ports: tuple[int, ...] = (4789, 8472)  # the registered one; Linux and older versions of VMware
    geneve_ports: tuple[int, ...] = (6081,)
    hp_erm_ports: tuple[int, ...] = (7932,)  # encapsulated remote mirroring of HP's switches

    def port_keywords(self) -> dict[str, tuple[int, ...]]:
        """The UDP ports of tunnels, as keyword arguments for the engine's constructors."""
        return {
            "vxlan_ports": self.vxlan_ports,
            "geneve_ports": self.geneve_ports,
            "hp_erm_ports": self.hp_erm_ports,
        }


class Privileges(Struct, frozen=True):
    """What `netmon run` keeps when it was started as root, and whether system calls are restricted."""

    user: str = ""  # to become; empty: netmon, or nobody
    stay_root: bool = False
    filter_calls: bool = True


class Rotation(Struct, frozen=True):
    """When netmon itself rotates the file of the events, and what it keeps."""

    rotate_mib: int = 0  # 0: never because of its size
    rotate_hours: int = 0  # 0: never because of its age
    keep: int = 14
    compress: bool = True

    @property
    def is_on(self) -> bool:
        """True if the file is rotated at all."""
        return bool(self.rotate_mib or self.rotate_hours)

    @property
    def max_bytes(self) -> int:
        """The size from which on the file is rotated; 0 for none."""
        return self.rotate_mib << 20

    @property
    def period_s(self) -> int:
        """The seconds of a period; 0 for none."""
        return self.rotate_hours * 3600


Dataset = Literal["flow", "run", "view", "evidence"]
DATASETS: tuple[Dataset, ...] = get_args(Dataset)
"""What `events.file` and `netmon run --json` may get: a closed set, as in `event.dataset` after `netmon.`."""

STORE_NAME = "flows.db"
"""The file of the store in the folder for state."""


class StoreSettings(Struct, frozen=True):
    """Where `netmon run` keeps its records, and for how long."""

    path: Path | None = None  # None: STORE_NAME in the folder for state
    is_off: bool = False
    keep_days: int = 90  # 0: their age does not matter
    max_mib: int = 1024  # 0: their size does not matter


class EvidenceFiles(Struct, frozen=True):
    """Where the evidence for findings is written, and how much of it is kept."""

    folder: Path | None = None  # None: none is written
    max_mib: int = 1024  # of the folder; the oldest files are removed first
    keep_days: int = 90
    memory_mib: int = 64  # for packets of flows that are not judged yet

    @property
    def memory_bytes(self) -> int:
        """The bytes of packets that the engine keeps; 0 if no evidence is written."""
        return 0 if self.folder is None else self.memory_mib << 20


class SpoolOptions(Struct, frozen=True):
    """Where events are kept for programs that pass them on, and how many."""

    folder: Path | None = None  # None: there is no spool
    max_mib: int = 256

    @property
    def max_bytes(self) -> int:
        """The size from which on the oldest events are removed."""
        return self.max_mib << 20


class Mention(Struct, frozen=True):
    """A vendor, component, place or group of countries in the policy, which must exist in the signatures."""

    where: str  # Item.where
    vendor: str | None = None
    component: str | None = None
    place: str | None = None
    group: str | None = None


class Config(Struct, frozen=True):
    """All settings. The defaults equal the shipped `netmon.yaml`."""

    sensor: str = "netmon"
    site: str = ""  # where the sensor is, in the operator's words
    position: Position | None = None  # of the sensor; None: round trips exclude no places
    subjects: Subjects = field(default_factory=Subjects)
    inventory: Mapping[str, int] = field(default_factory=dict)  # vendor → clients that have its products
    capture: Capture = field(default_factory=Capture)
    limits: Limits = field(default_factory=Limits)
    separate_by: tuple[str, ...] = ()  # of SEPARATIONS: what tells equal addresses of different hosts apart
    report_every_s: int = 5
    site_resolvers: tuple[Address, ...] = ()  # resolvers that look names up for the site's clients
    nat64_prefixes: tuple[str, ...] = ()  # of the site's translators, besides those that are known everywhere
    signatures: Path | None = None  # None: the bundled ones
    databases: tuple[Path, ...] | None = None  # files and folders; None: the default folders
    labels: Mapping[Path, DatabaseLabel] = field(default_factory=dict)  # for some of these paths
    declarations: tuple[Declaration, ...] = ()
    policy: Policy = field(default_factory=Policy)
    mentions: tuple[Mention, ...] = ()
    state: Path | None = None  # folder for state kept across restarts; None: the default one
    learning_days: int = 7
    privacy_level: int = 1
    privacy_key: Path | None = None
    count_period: Period = "month"  # in which distinct clients are counted
    events: Path | None = None
    datasets: tuple[Dataset, ...] = ("flow",)  # of the events there; store and spool get all of them
    rotation: Rotation = field(default_factory=Rotation)
    spool: SpoolOptions = field(default_factory=SpoolOptions)
    evidence: EvidenceFiles = field(default_factory=EvidenceFiles)
    store: StoreSettings = field(default_factory=StoreSettings)
    privileges: Privileges = field(default_factory=Privileges)
    hold_zero_s: int = 60  # how long a new series of a counter is shown as 0
    created_series: bool = False  # whether counters have `_created`
    web: WebOptions = field(default_factory=WebOptions)
    file: Path | None = None  # the file that it was read from

    @property
    def has_run_events(self) -> bool:
        """True if events other than those of flows are written to `events.file`."""
        return self.datasets != ("flow",)

    def engine_keywords(self) -> dict[str, Any]:
        """Keyword arguments for the engine's constructors."""
        return {
            "name_machines": self.privacy_level == ADDRESS,
            **self.limits.keywords(),
            "separate_by": self.separate_by,
            "site_resolvers": self.site_resolvers,
            "nat64_prefixes": self.nat64_prefixes,
            **self.capture.port_keywords(),
            "one_clock": self.capture.one_clock,
            "max_evidence_bytes": self.evidence.memory_bytes,
        }


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


def store_path(config: Config, environment: Mapping[str, str]) -> Path | None:
    """The file of the store; None if it is off."""
    if config.store.is_off:
        return None
    return config.store.path or state_folder(config, environment) / STORE_NAME
