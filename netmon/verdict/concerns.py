"""Countries of concern: where traffic of a vendor should not end, whatever was promised, and on what basis.

A concern is the vendor's signature file's, with its source, or the policy's. It says nothing about a promise,
nor about a single server: `explain` words what it does and does not mean.
"""

from __future__ import annotations

from dataclasses import dataclass

from netmon.countries import country_in_text
from netmon.signatures.model import Concern, Vendor
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject


@dataclass(frozen=True, slots=True)
class ActiveConcern:
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


def explain(active: ActiveConcern, subject: Subject, *, declared: bool) -> str:
    """What a flow that ended in a country of concern means, and what it does not, in plain sentences.

    `declared`: the place is the user's declaration, not what two sources agree on.
    """
    country = country_in_text(active.country)
    located = "your own declaration" if declared else "two sources"
    return " ".join(
        [
            f"Located in {country} by {located}.",
            *_reasons(active.concern, country, subject),
            "No promise is shown to be broken.",
        ]
    )


def _reasons(concern: Concern | None, country: str, subject: Subject) -> list[str]:
    if concern is None:
        return [f"Your policy treats {country} as a country of concern for this vendor."]
    addressees = (
        f"was addressed to users in {_names(concern.addressed_to)} and " if concern.addressed_to else ""
    )
    reasons = [
        f"netmon treats {country} as a country of concern because of {concern.basis}, "
        f"which {addressees}is about {concern.about}, not about this server."
    ]
    if concern.addressed_to and subject.country not in concern.addressed_to:
        whom = "users whose country is not configured" if subject.country is None else _users(subject.country)
        reasons.append(f"That it is applied to {whom} is netmon's default.")
    return reasons


def _users(country: str) -> str:
    return f"users in {country_in_text(country)}"


def _names(countries: frozenset[str]) -> str:
    return ", ".join(sorted(map(country_in_text, countries)))


def _applies(concern: Concern, subject: Subject, day: str) -> bool:
    if concern.status == "withdrawn" and concern.until is None:
        return False
    is_meant = not concern.subjects or subject.country in concern.subjects
    return is_meant and concern.since <= day <= (concern.until or day)
