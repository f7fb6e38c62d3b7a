"""The words for the codes of the report. Each is a text of the catalogues (`_` marks it for them)."""

from __future__ import annotations

from collections.abc import Mapping

from netmon.language.marking import _
from netmon.language.words import LACK
from netmon.places.decision import DECLARED, VENDOR
from netmon.report.facts import UsedKind

SHARE: Mapping[str, str] = {
    "right": _("as promised or allowed"),
    "concern": _("in a country of concern"),
    "forbidden": _("contact that the policy forbids"),
    "elsewhere": _("elsewhere than promised or allowed"),
    "not_there": _("cannot be in a country of concern; otherwise undecided"),
    "no_place": LACK["place"],
    "no_promise": LACK["promise"],
    "no_evidence": LACK["evidence"],
}
SHARE_OF_COUNTRY: Mapping[str, str] = {
    "concern": _("located in {country}"),
    "not_there": _("cannot be in {country}; otherwise undecided"),
}
STANDING: Mapping[str, str] = {
    "located": _("located there"),
    "possible": _("possible: a source names it"),
    "unknown": _("not excluded, no source names it"),
    "excluded": _("cannot be there"),
}
QUESTION: Mapping[str, str] = {
    "vendor": _("names of the vendor"),
    "other": _("other names"),
    "unknown": _("unknown names, because the question was encrypted"),
}
CONFIDENCE: Mapping[str, str] = {
    "agreed": _("sources agree"),
    "single": _("one source"),
    "disputed": _("sources disagree"),
    "unknown": _("no source"),
}
ABOUT: Mapping[str, str] = {
    "location": _("location of the server"),
    "unclear": _("location of the server, or country of registration: which of them is not known"),
    "registration": _("country of registration, which does not locate a server"),
    "anycast": _("announced from several places at once"),
    "satellite": _("address of a satellite provider"),
    "as": _("announcing network"),
}
PRIVACY: Mapping[int, str] = {
    0: _("clients are shown by their addresses"),
    1: _("clients are shown by pseudonyms that change each day"),
    2: _("clients are shown by their networks"),
    3: _("clients are not shown"),
}
STATUS: Mapping[str, str] = {
    "official": _("official"),
    "measured": _("measured"),
    "press": _("press"),
    "community": _("community"),
    "unverified": _("unverified"),
}
CONCERN_STATUS: Mapping[str, str] = {
    "in force": _("in force"),
    "archived": _("archived"),
    "withdrawn": _("withdrawn"),
}
USED: Mapping[UsedKind, str] = {
    "netmon": "netmon",
    "configuration": _("Configuration"),
    "signatures": _("Signatures"),
    "database": _("Location database {name}"),
    "source": _("What {name} says, as the signatures quote it"),
}
SOURCE: Mapping[str, str] = {
    DECLARED: _("declared by your organisation"),
    VENDOR: _("stated by the vendor"),
}
USED_SOURCE: Mapping[str, str] = {
    DECLARED: _("Your organisation's declarations, in the configuration"),
    VENDOR: _("What the vendor says about its networks, in the signatures"),
}
WHY_NOT: Mapping[str, str] = {
    "no_place": _("it names no place"),
    "not_official": _("the vendor itself is not its source, whose status is: {value}"),
    "no_first_day": _("its first day is unknown"),
    "not_yet": _("it takes effect on {value}"),
    "over": _("it was in force until {value}"),
    "ended": _("the statement {value} ended it, from {since}"),
    "users_unknown": _(
        "it was made to users in certain countries, and the country of your users is not given"
    ),
    "other_users": _("it was not made to users in {value}"),
    "not_seen": _("it covers no component that was seen"),
}
BLIND: Mapping[str, tuple[str, str]] = {
    "gaps": (
        _("Time that was not watched"),
        _("Connections of that time are missing. Nothing can be said about it."),
    ),
    "filtered": (
        _("Runs with a packet filter (BPF)"),
        _(
            "Packets that the filter does not let through were never looked at. Connections and names in "
            "them are missing, whatever their destination."
        ),
    ),
    "erased": (
        _("Connections that were erased on request"),
        _(
            "Any of this period are missing here, whatever their destination. Which ones they were is "
            "not stored."
        ),
    ),
    "unrecorded": (
        _("Runs of which only the connections are known"),
        _("What they could not see, and which versions decided, is not recorded."),
    ),
    "dropped": (
        _("Packets lost by the sensor"),
        _("Connections and bytes are missing. The numbers of this report are lower bounds."),
    ),
    "interface_dropped": (
        _("Packets lost by the network card"),
        _("Connections and bytes are missing. The numbers of this report are lower bounds."),
    ),
    "undecoded": (
        _("Packets that could not be decoded"),
        _("Connections inside them are missing from this report, whatever their destination."),
    ),
    "unseen": (
        _("TCP bytes acknowledged, but not seen"),
        _("Byte counts are too small, and some connections may have no name and are missing."),
    ),
    "one_way": (
        _("Connections seen in one direction only"),
        _("They may lack a name or a round trip, so they are found or excluded less often."),
    ),
    "answers_only": (
        _("DNS answers seen without their query"),
        _("Such answers prove no name. Connections that only DNS would name are missing."),
    ),
    "duplicates": (
        _("Packets seen more than once"),
        _("Each was counted once. This does not affect the conclusion."),
    ),
    "gap": (
        _("Hellos with missing parts"),
        _("Their connections may have no name, and are then missing from this report."),
    ),
    "cut": (
        _("Packets cut short by the capture"),
        _("Names may be missing, and with them connections of this report."),
    ),
    "overlapping": (
        _("Hosts with equal addresses taken for one"),
        _("Names may be those of the other host."),
    ),
    "clock": (
        _("Times at which the clock was set"),
        _("Times of this report may be wrong, and fewer round trips were measured."),
    ),
    "misdated": (
        _("Packets with a contradictory time"),
        _("They count with the time of the packets around them."),
    ),
    "coalesced": (
        _("Packets merged by the network card"),
        _("Byte counts are slightly too small. This does not affect the conclusion."),
    ),
    "edge": (
        _("Connections that a third party answers for the vendor"),
        _("The place is that of the third party. Where it passes data on to cannot be seen."),
    ),
    "ech": (
        _("Connections with an encrypted server name (ECH)"),
        _("Their names are hidden. They are missing here unless DNS or the address gives the vendor."),
    ),
    "encrypted_dns": (
        _("Connections with encrypted DNS"),
        _("Names looked up there are hidden. Connections that only DNS would name are missing."),
    ),
    "unnamed": (
        _("Other connections without a name"),
        _("Whose servers they reached is not known, unless the address is in a network of the vendor."),
    ),
}
"""What could not be seen, and what that means for the conclusion."""
OF_READ: Mapping[str, str] = {"sieved_packets": _("of what was read, without sieved packets")}
"""The restriction of a figure of which the kernel sieve leaves a part unknown, before how many it dropped."""
