"""Every combination of facts that the tables of verdicts and severities can tell apart."""

import math
import random
from dataclasses import replace
from functools import cache
from itertools import product

from netmon.records import GROUNDS
from netmon.verdict.table import Facts

TRUTHS = (False, True)
NO_CONFIDENCE = dict.fromkeys(("disputed", "unknown", "single"), False)
CONTACT = {"unverified": False, "sinkholed": False, "met": True}
FACTS = {
    "forbidden": TRUTHS,
    "concern": TRUTHS,
    "contact_excepted": TRUTHS,
    "place_excepted": TRUTHS,
    "reference": ("policy", "promise", "subject_unknown", "ended", "none"),
    "doubtful": TRUTHS,
    "proxied": TRUTHS,
    "refuted": TRUTHS,
    "fit": ("inside", "city_unproven", "elsewhere"),
    "holder_shown": TRUTHS,
    "limited": TRUTHS,
}
CONFIDENCES = [NO_CONFIDENCE | one for one in ({}, {"disputed": True}, {"unknown": True}, {"single": True})]
COMBINATIONS = math.prod(map(len, FACTS.values())) * len(CONFIDENCES) * 3


@cache
def every_fact():
    """Every combination that the table can tell apart.

    An unverified signature, a sinkhole, no contact and an unsolicited name decide alone, whatever the rest
    is. Each combination of these four is tried with a thousand combinations of the rest.
    """
    judged = [
        Facts(**dict(zip(FACTS, values, strict=True)), **CONTACT, grounds=grounds, **confidence)
        for grounds in ("own", "holder", "hearsay")
        for values in product(*FACTS.values())
        for confidence in CONFIDENCES
    ]
    rest = random.Random(1).sample(judged, 1000)
    unjudged = [
        replace(facts, unverified=unverified, sinkholed=sinkholed, met=met, grounds=grounds)
        for unverified, sinkholed, met, grounds in product(TRUTHS, TRUTHS, TRUTHS, GROUNDS)
        if unverified or sinkholed or not met or grounds == "unsolicited"
        for facts in rest
    ]
    return [*judged, *dict.fromkeys(unjudged)]
