"""The texts of the steps from votes to a place (`Place.steps`); outputs may say them in other languages."""

from __future__ import annotations

from netmon.language.marking import _

DECLARED_FIRST = _("the user's declaration takes precedence")
REFUTED = _("{source} is refuted: {what} is too far away")
CITY_OF_PROVIDER = _("the city given by its provider")
ANYCAST = _("{sources} lists it as anycast, announced from several places: unknown")
CONTRADICTS_POSITION = _("the declaration contradicts the sensor's position: disputed")
NO_SOURCE = _("no source locates the address: unknown")
SIDE = _("{country} says {sources}")
DISAGREE = _("the sources disagree on the country ({sides}): disputed")
OTHER_COUNTRY = _("{sources} has another country than {country}: disputed")
MAYBE_OTHER_COUNTRY = _("{sources} may locate it in another country than {country}: disputed")
REFUTED_CITY_THERE = _("no remaining source has a city in {country}, and the refuted city is there: disputed")
AGREE = _("{count} sources agree on {country}")
ALONE = _("{sources} alone says {country}: a single source")
PROVIDER_UNKNOWN = _(
    "the provider of {sources} is unknown; it may repeat another source, so it confirms none"
)
PROVIDERS_UNKNOWN = _(
    "the provider of {sources} is unknown: one source together; it may repeat another source, so it confirms "
    "none"
)
IN_COMMON = _("{sources} has data in common with another source: not counted again")
OUTDATED = _("{source} is outdated: {latest}, from the same provider, differs")
ONE_PROVIDER = _("{sources} are from one provider: one source")
NO_CITY = _("no source names a city in {country}: the location is unknown")
LOCATION = _("{cities} is the location '{location}'")
NO_LOCATION = _("{cities} is not a location of the signatures: the location is unknown")
CITIES_DIFFER = _("the sources name different cities ({cities}): the location is disputed")

MERGED_LOCATES = _("{source} is merged, and differs from the registration of the AS ({others})")
MERGED = _("{source} is merged, and {why}: it does not locate the address")
UNCLEAR = _("{source} is merged, and {why}: whether it locates the address is not known")
NO_REGISTRATION = _("no source says where the AS is registered")
REGISTRATIONS_DISAGREE = _("the sources on the registration of the AS disagree ({others})")
REPEATS_REGISTRATION = _("it repeats the registration of the AS ({others})")

OF_PROXY = _("the address is that of a proxy, and the destination behind it is not visible")

NOTHING_EXCLUDED = _("round trip: {ms} ms; {why}: nothing is excluded")
NO_POSITION = _("the sensor's position is not configured")
MIDDLEBOX = _("unrelated destinations are equally near, so a middlebox seems to answer")
MAYBE_MIDDLEBOX = _("so small a round trip may come from a middlebox, and few destinations were seen")
AT_MOST = _("round trip: {ms} ms, so it is at most {km} km away: {what}")
EXCLUDES = _("excludes {places}")
EXCLUDES_COUNTRIES = _("excludes {places}; what answered cannot be in {countries}")
IMPLAUSIBLE = _("{what}; implausible by light in fibre, which excludes nothing: {places}")
JUMPED = _(
    "the smallest round trip jumped from {before} ms to {now} ms: the address moved, or not always the same "
    "server answers"
)
SMALLEST = _(
    "smallest round trip in seven days: {ms} ms on {day}, when what answered could not be in {countries}: "
    "excludes nothing now"
)

STEPS = (
    *(DECLARED_FIRST, REFUTED, CITY_OF_PROVIDER, ANYCAST, CONTRADICTS_POSITION, NO_SOURCE, SIDE, DISAGREE),
    *(OTHER_COUNTRY, MAYBE_OTHER_COUNTRY, REFUTED_CITY_THERE, AGREE, ALONE),
    *(PROVIDER_UNKNOWN, PROVIDERS_UNKNOWN, IN_COMMON, OUTDATED, ONE_PROVIDER),
    *(NO_CITY, LOCATION, NO_LOCATION, CITIES_DIFFER),
    *(MERGED_LOCATES, MERGED, UNCLEAR, NO_REGISTRATION, REGISTRATIONS_DISAGREE, REPEATS_REGISTRATION),
    *(OF_PROXY, NOTHING_EXCLUDED, NO_POSITION, MIDDLEBOX, MAYBE_MIDDLEBOX, AT_MOST),
    *(EXCLUDES, EXCLUDES_COUNTRIES, IMPLAUSIBLE, JUMPED, SMALLEST),
)
"""All of them, apart from those that only repeat a vote."""
