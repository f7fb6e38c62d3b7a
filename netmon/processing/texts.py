"""The texts of the list, in English. The catalogue has each of them; {braces} are replaced."""

from collections.abc import Callable

Say = Callable[[str], str]
"""Gives an English text in a language."""

TITLE = "What this sensor stores about clients"
SETTINGS = "Configuration: {file}. Privacy level {level}. Distinct clients are counted by {period}."
DEFAULTS = "the defaults, because there is no configuration file"

WHAT = "What"
CLIENTS = "Clients"
WHERE = "Where"
WHY = "Why"
HOW_LONG = "How long"
READERS = "Who can read it"

DAY = "day"
WEEK = "week"
MONTH = "month"
QUARTER = "quarter"
YEAR = "year"

AS_ADDRESSES = "addresses, hardware addresses, and the host names that they state"
AS_PSEUDONYMS = "a pseudonym that changes daily"
AS_BOTH_PSEUDONYMS = (
    "a pseudonym that changes daily; apart from it, without times, one by which machines are counted, which"
    " changes with each counting period"
)
AS_COUNTED = "a pseudonym that changes with each counting period"
AS_NETWORKS = "their networks (/24, /48 for IPv6), not they themselves"
NOT_AT_ALL = "none"
UNMASKED = "addresses, as in the packets themselves"
UNMASKED_WITH_MACHINES = "addresses, hardware addresses and host names, as in the packets themselves"

MEMORY = (
    "Flows in progress: both ends, names from DNS and TLS, numbers of bytes and packets, the beginning of"
    " each flow"
)
MEMORY_WHERE = "memory of the sensor; it is written to no disk"
MEMORY_WHY = "to find out with which server a flow takes place, and to count its bytes"
MEMORY_HOW_LONG = (
    "until {tcp} s (TCP) or {udp} s (UDP) after its last packet; names from DNS until they expire; all of"
    " it until the sensor stops"
)
MEMORY_READERS = "the administrator of the machine (root)"

EVENTS = "Events: flows of the vendors in the signatures, with server, place, verdict, bytes and times"
EVENTS_WHY = "to show to where data of these vendors' products flows, and to investigate findings"
EVENTS_BY_AGE = "{keep} files of {hours} hours each, and the current one"
EVENTS_BY_SIZE = "{keep} files of at most {mib} MiB each, and the current one"
EVENTS_UNLIMITED = "until the file is removed; netmon does not rotate it, see logrotate"

SPOOL = "Spool: the same flows as in events, and totals so far, for a program that passes them on"
SPOOL_WHY = "to collect the events of several sensors in one place, also after that was out of reach"
SPOOL_HOW_LONG = "at most {mib} MiB; the oldest files are removed first"

STORE = "Store: the same flows as in events, with totals by day, and what the sensor could see in each minute"
STORE_WHY = "to show histories and reports without the events"
FOREVER = "without a limit"
STORE_HOW_LONG = "{days} days"
STORE_BY_SIZE = "at most {mib} MiB; the oldest days are removed first"
STORE_BY_BOTH = "{days} days, and at most {mib} MiB; the oldest days are removed first"

NAMED_STORE = "Store of one or more sensors: the same flows, as these sensors have sent them"
NAMED_STORE_WHY = "to show histories and reports of all of these sensors together"
SERVER_READERS = (
    "those who administer the database server, and its accounts that may read these tables (SHOW GRANTS)"
)
DAMAGED_STORE = "Damaged store, which was renamed"
DAMAGED_STORE_WHY = "so that what is still legible in it can be saved"
DAMAGED_STORE_HOW_LONG = "until it is removed by hand; an erasure does not reach it"

EVIDENCE = "Evidence for findings: the packets that name and judge a flow, with the verdict and its reasons"
EVIDENCE_WHY = "so that a third party can check a finding"
EVIDENCE_HOW_LONG = "{days} days, and at most {mib} MiB; the oldest files are removed first"
AS_REWRITTEN = "addresses and hardware addresses are replaced consistently; only what the level shows remains"

STATE = (
    "Memory across restarts: networks and countries in which vendors were reached, round trips to "
    "servers, series of metrics"
)
STATE_WHY = "to recognise new destinations, and so that counters go on after a restart"
STATE_HOW_LONG = "until it is replaced by newer values; the number of entries is bounded"

MACHINES = "Machines that used a vendor's products in the current counting period"
MACHINES_WHY = "to say how many distinct machines there were in the period"
MACHINES_HOW_LONG = (
    "until six hours after the end of the period; then store and spool have them, in random order and without"
    " times"
)

METRICS = "Metrics: sums by vendor, component, place and verdict"
METRICS_WHY = "to monitor and to alert"
METRICS_HOW_LONG = (
    "as long as the program that collects them keeps them; the sensor has the current values only"
)
METRICS_OPEN = "everyone who can reach the address; there is no password"
METRICS_GUARDED = "those whom {file} admits"
METRICS_SOCKETS = "sockets that systemd passes on"

KEY = "Key of the pseudonyms"
KEY_WHY = "to make pseudonyms; whoever has it can find out which client a pseudonym stands for"
KEY_HOW_LONG = "until it is replaced (netmon privacy rotate)"
OLD_KEY = "Replaced key of the pseudonyms"
OLD_KEY_WHY = "to find out which client a pseudonym up to {day} stands for"
OLD_KEY_HOW_LONG = "until {day}"
KEY_IN_MEMORY_WHERE = "memory of the sensor; it is a random one, which nobody gets to know"
KEY_IN_MEMORY_HOW_LONG = "until the sensor stops; then no pseudonym can be resolved any more"

IDENTIFICATIONS = (
    "Log of identifications: who had which pseudonyms resolved, when, and why; of erasures, rotations"
)
IDENTIFICATIONS_WHY = "so that the use of the key can be controlled"
IDENTIFICATIONS_HOW_LONG = "until it is removed; netmon only appends to it"

ROOT = "root"
ROOT_AND_GROUP = "root, and group {group}"
OWNER = "root, and user {owner}"
OWNER_AND_GROUP = "root, user {owner}, and group {group}"
EVERYONE = "every user of the machine"
NOT_THERE = "does not exist yet"
NO_ACCESS = "not known: its rights cannot be read by this user"

OTHERS = (
    "Traffic that matches no vendor is counted and not stored, with two exceptions: the use of encrypted "
    "DNS, and queries to a resolver that a vendor's products fall back to. Names that were queried there "
    "are not stored."
)
CONTENT = (
    "Contents of connections are not stored; they are encrypted for the most part, and netmon does not "
    "decrypt."
)
NOT_LISTED = (
    "Not listed: what others do with events, metrics and printed findings that they collect, such as the "
    "system's journal, packet captures made by other programs, and copies of the files above."
)
