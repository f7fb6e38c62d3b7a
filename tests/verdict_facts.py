"""Every combination of facts that the tables of verdicts and severities can tell apart."""

import math
import random
from functools import cache
from itertools import product
from typing import get_args

from msgspec.structs import replace

from netmon.records import GROUNDS
from netmon.verdict.table import Exchange, Facts

TRUTHS = (False, True)
EXCHANGES = get_args(Exchange)
NO_CONFIDENCE = dict.fromkeys(("disputed", "nowhere", "unknown", "single"), False)
NO_SEVERITY = {"visited": False, "tolerated": False}
"""Facts on which only the severity of a finding depends (see `test_severity`)."""
CONTACT = {"unverified": False, "sinkholed": False, "exchange": "seen"}
FACTS = {
    "forbidden": ("no", "component", "vendor"),
    "concern": TRUTHS,
    "contact_excepted": TRUTHS,
    "place_excepted": TRUTHS,
    "bypassing": TRUTHS,
    "reference": ("policy", "promise", "subject_unknown", "ended", "none"),
    "doubtful": TRUTHS,
    "proxied": TRUTHS,
    "refuted": TRUTHS,
    "fit": ("inside", "city_unproven", "elsewhere"),
    "holder_shown": TRUTHS,
    "limited": TRUTHS,
}
CONFIDENCES = [NO_CONFIDENCE | one for one in ({}, {"disputed": True}, {"unknown": True}, {"single": True})]
NOWHERE = NO_CONFIDENCE | {"disputed": True, "nowhere": True}
COMBINATIONS = math.prod(map(len, FACTS.values())) * len(CONFIDENCES)


def confidences(facts):
    """The confidences that these facts may have: "nowhere" only beside a certain reference."""
    is_certain = facts["reference"] == "policy" or (facts["reference"] == "promise" and not facts["doubtful"])
    return [*CONFIDENCES, NOWHERE] if is_certain and facts["fit"] == "elsewhere" else CONFIDENCES


def every_rest():
    """Every combination of the facts that matter once a flow is judged."""
    for values in product(*FACTS.values()):
        facts = dict(zip(FACTS, values, strict=True))
        for confidence in confidences(facts):
            yield NO_SEVERITY | facts | confidence


@cache
def every_fact():
    """Every combination that the table can tell apart.

    An unverified signature, a sinkhole, no contact and a name that is not the client's decide alone, whatever
    the rest is. Each combination of these four is tried with a thousand combinations of the rest.
    """
    judged = [Facts(**rest, **CONTACT, grounds="own") for rest in every_rest()]
    rest = random.Random(1).sample(judged, 1000)
    unjudged = [
        replace(facts, unverified=unverified, sinkholed=sinkholed, exchange=exchange, grounds=grounds)
        for unverified, sinkholed, exchange, grounds in product(TRUTHS, TRUTHS, EXCHANGES, GROUNDS)
        if unverified or sinkholed or exchange != "seen" or grounds in ("hearsay", "unsolicited")
        for facts in rest
    ]
    return [*judged, *dict.fromkeys(unjudged)]
