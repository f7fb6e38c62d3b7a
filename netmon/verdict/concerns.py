"""Countries of concern: where traffic of a vendor should not end, whatever was promised, and on what basis.

A concern is the vendor's signature file's, with its source, or the policy's. It says nothing about a promise,
nor about a single server: `explain` words what it does and does not mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from netmon.countries import country_in_text
from netmon.language.marking import _
from netmon.language.sentences import Names, Sentence
from netmon.signatures.model import Concern, Vendor
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject

_LOCATED_BY_YOU = _("Located in {country} by your own declaration.")
_LOCATED = _("Located in {country} by two sources.")
_OF_POLICY = _("Your policy treats {country} as a country of concern for this vendor.")
_STATED = _(
    "netmon treats {country} as a country of concern because of {basis}, which is about {about}, not "
    "about this server."
)
_ADDRESSED = _(
    "netmon treats {country} as a country of concern because of {basis}, which was addressed to "
    "users in {users} and is about {about}, not about this server."
)
_DEFAULT_FOR_ALL = _("That it is applied to users whose country is not configured is netmon's default.")
_DEFAULT = _("That it is applied to users in {country} is netmon's default.")
_NOT_SHOWN = _("No promise is shown to be broken.")
SENTENCES = (
    *(_LOCATED_BY_YOU, _LOCATED, _OF_POLICY, _STATED),
    *(_ADDRESSED, _DEFAULT_FOR_ALL, _DEFAULT, _NOT_SHOWN),
)
"""All with which a country of concern is explained."""


class ActiveConcern(Struct, frozen=True):
    """A country of concern for a flow. Without `concern`, the policy alone makes it one."""

    country: str
    concern: Concern | None


def find_concerns(vendor: Vendor, policy: Policy, subject: Subject, day: str) -> tuple[ActiveConcern, ...]:
    """The concerns for this vendor, subject and ISO day, in the order of their countries.

    The policy's list of countries for the vendor, if it has one, replaces that of the signatures.
    """
    applying = [one for one in vendor.concerns if _applies(one, subject, day)]
    stated = {one.country: one for one in reversed(applying)}  # of several, the first
    countries = policy.concerns.get(vendor.id, stated)
    return tuple(ActiveConcern(country, stated.get(country)) for country in sorted(countries))


def find_concern(
    vendor: Vendor, policy: Policy, subject: Subject, country: str, day: str
) -> ActiveConcern | None:
    """The concern about a country for this vendor, subject and ISO day; None if there is none."""
    concerns = find_concerns(vendor, policy, subject, day)
    return next((one for one in concerns if one.country == country), None)


def explain(active: ActiveConcern, subject: Subject, *, declared: bool) -> Iterator[Sentence]:
    """What a flow that ended in a country of concern means, and what it does not, in plain sentences.

    `declared`: the place is the user's declaration, not what two sources agree on.
    """
    country = _names([active.country])
    if declared:
        yield Sentence(_LOCATED_BY_YOU, (("country", country),))
    else:
        yield Sentence(_LOCATED, (("country", country),))
    if active.concern is None:
        yield Sentence(_OF_POLICY, (("country", country),))
    else:
        yield from _reasons(active.concern, country, subject)
    yield Sentence(_NOT_SHOWN)


def _reasons(concern: Concern, country: Names, subject: Subject) -> Iterator[Sentence]:
    values: list[tuple[str, Names]] = [
        ("country", country),
        ("basis", Names((("basis of a concern", concern.basis),))),
        ("about", Names((("what a concern is about", concern.about),))),
    ]
    if concern.addressed_to:
        values.append(("users", _names(sorted(concern.addressed_to, key=country_in_text))))
    yield Sentence(_ADDRESSED if concern.addressed_to else _STATED, tuple(values))
    if concern.addressed_to and subject.country is None:
        yield Sentence(_DEFAULT_FOR_ALL)
    elif concern.addressed_to and subject.country not in concern.addressed_to:
        yield Sentence(_DEFAULT, (("country", _names([subject.country or ""])),))


def _names(countries: Iterable[str]) -> Names:
    return Names(tuple(("in country", country_in_text(one)) for one in countries))


def _applies(concern: Concern, subject: Subject, day: str) -> bool:
    if concern.status == "withdrawn" and concern.until is None:
        return False
    is_meant = not concern.subjects or subject.country in concern.subjects
    return is_meant and concern.since <= day <= (concern.until or day)
