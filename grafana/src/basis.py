"""What a dashboard without a verdict rests on: whether the sensors report, and what they could see."""

from grafana.src import fields, verdict
from grafana.src.panels import About, Panel, Query, number

SMALL = 18  # pixels: five lines on a phone


def panel() -> Panel:
    """One sentence above everything else, so that no finding is not mistaken for no sensor."""
    about = About(
        "What this rests on",
        "Whether all sensors report, their view is good, and flows could be judged in the time range. If "
        "not, an empty panel does not mean that there was nothing.",
        fields.NO_UNIT,
        width=24,
        height=4,
    )
    query = Query(verdict.basis_query(), "{{text}} {{sentence}}")
    words = fields.words(verdict.BASES)
    return number(about, query, mappings=words, sentence_size=SMALL, no_value="No sensor was seen")
