"""The panels of the dashboards: only core panels of Grafana."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    geomap,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as shared
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import geomap as map_model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.src import words
from grafana.src.fields import AMOUNT, GOOD, NO_CELL, Overrides, column_words, named, steps

DATASOURCE = shared.DataSourceRef(type_val="prometheus", uid="${datasource}")
# Where the label's name is not a good heading.
HEADINGS = {
    "pythonversion": "Python",
    "sha256": "Signatures",
    "city": "Place",
    "kind": "New",
    "question": "Asked for",
    "reason": "Problem",
    "instance": "Address",
}
MOST_STEPS = 60  # of a graph: with an hour or more, a step is longer than three scrapes of 15 s
MOST_BAR_WIDTH = 12  # pixels; without it, Grafana draws a single bar as wide as the distance to the next
NO_FLOW = "No flow to a known vendor in this time range"
NO_NAME = "No flow without a name ended in this time range"
POINT_SIZE = 6  # pixels
LEAST_COLUMN = 110  # pixels; without it, Grafana lets a table exceed the width of its panel
Panel = Builder[model.Panel]
Shape = Literal["lines", "points", "shares", "bars"]


class Query(NamedTuple):
    """An expression, the legend of its series, and whether its exemplars (flows in events) are drawn."""

    expression: str
    legend: str = "__auto"
    has_exemplars: bool = False


class About(NamedTuple):
    """What every panel has: title, description, unit, and size in the grid."""

    title: str
    description: str
    unit: str
    width: int
    height: int
    empty: str = "Nothing in this time range"  # what is shown without data


def trend(
    about: About,
    *queries: Query,
    shape: Shape = "lines",
    shade: str = AMOUNT,
    overrides: Overrides | None = None,
    least_maximum: float | None = None,
    is_spaced: bool = False,
) -> timeseries.Panel:
    """Values over time; bars are stacked, and shares are bars of the same height.

    All series have shades of one colour unless overridden. The axis ends no lower than `least_maximum`.
    Points are for values that exist at some moments only. `is_spaced`: no underscores in legends.
    """
    panel = timeseries.Panel()
    _dress(panel, about, overrides or {})
    _query(panel, [_over_time(query) for query in queries])
    panel.max_data_points(MOST_STEPS)
    panel.legend(_legend()).tooltip(common.VizTooltipOptions().mode(shared.TooltipDisplayMode.MULTI))
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.SHADES).fixed_color(shade)).min(0)
    panel.line_width(1).fill_opacity(0).show_points(shared.VisibilityMode.NEVER)
    if shape == "points":
        panel.show_points(shared.VisibilityMode.ALWAYS).point_size(POINT_SIZE)
    if shape in ("shares", "bars"):
        mode = shared.StackingMode.PERCENT if shape == "shares" else shared.StackingMode.NORMAL
        panel.stacking(common.StackingConfig().mode(mode).group("A")).line_width(0).fill_opacity(75)
        panel.draw_style(shared.GraphDrawStyle.BARS).bar_max_width(MOST_BAR_WIDTH)
    if is_spaced:
        spaces = {"regex": "/_/g", "renamePattern": " "}
        panel.with_transformation(model.DataTransformerConfig(id_val="renameByRegex", options=spaces))
    if least_maximum is not None:
        panel.axis_soft_max(least_maximum)
    return panel


def _over_time(query: Query) -> prometheus.Dataquery:
    target = prometheus.Dataquery().range().expr(query.expression).legend_format(query.legend)
    return target.exemplar(True) if query.has_exemplars else target


def number(
    about: About,
    query: Query,
    *,
    thresholds: dashboard.ThresholdsConfig | None = None,
    mappings: list[model.ValueMapping] | None = None,
    sentence_size: int | None = None,
    no_value: str = "–",
    decimals: int | None = None,
) -> stat.Panel:
    """One value, large; a sentence, with a size in pixels, is its legend, and fills its panel with colour."""
    is_sentence = sentence_size is not None
    panel = stat.Panel()
    _dress(panel, about, {})
    _query(panel, [prometheus.Dataquery().instant().expr(query.expression).legend_format(query.legend)])
    mode = shared.BigValueColorMode.BACKGROUND_SOLID if is_sentence else shared.BigValueColorMode.VALUE
    panel.graph_mode(shared.BigValueGraphMode.NONE).color_mode(mode).no_value(no_value)
    text = shared.BigValueTextMode.NAME if is_sentence else shared.BigValueTextMode.VALUE
    panel.text_mode(text)
    panel.reduce_options(_last()).mappings(mappings or []).thresholds(thresholds or steps((None, "text")))
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    if sentence_size is not None:
        panel.justify_mode(shared.BigValueJustifyMode.CENTER)
        panel.text(common.VizTextDisplayOptions().value_size(sentence_size))
    if decimals is not None:
        panel.decimals(decimals)
    return panel


def bars(about: About, increases: str, label: str, texts: Mapping[str, str]) -> bargauge.Panel:
    """One bar for each value of a label that is not 0, with its words at the left; the longest first."""
    panel = bargauge.Panel()
    _dress(panel, about, named(texts))
    target = prometheus.Dataquery().instant().expr(f"sort_desc({increases} > 0)")
    _query(panel, [target.legend_format(f"{{{{{label}}}}}")])
    panel.orientation(shared.VizOrientation.HORIZONTAL).display_mode(shared.BarGaugeDisplayMode.BASIC)
    panel.name_placement(shared.BarGaugeNamePlacement.LEFT).value_mode(shared.BarGaugeValueMode.TEXT)
    panel.show_unfilled(True).min(0).decimals(0).reduce_options(_last())
    panel.text(common.VizTextDisplayOptions().value_size(14))
    panel.sizing(shared.BarGaugeSizing.AUTO).max_viz_height(28).min_viz_height(16)
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(AMOUNT))
    return panel


def rows(
    about: About,
    queries: Mapping[str, str],
    labels: Sequence[str],
    *,
    overrides: Overrides | None = None,
    by: str | Sequence[str],
    hidden: Sequence[str] = (),
) -> table.Panel:
    """A table: labels as columns, then each query's value under its heading; greatest `by` first.

    The rows of several queries are joined by the labels that all of them have; `hidden` are of no interest.
    """
    headings = {label: HEADINGS.get(label, label.capitalize()) for label in labels}
    shown = {name: column_words(words.COLUMNS[name]) for name in headings.values() if name in words.COLUMNS}
    shown |= {name: [*shown.get(name, ()), *more] for name, more in (overrides or {}).items()}
    panel = table.Panel()
    _dress(panel, about, shown)
    panel.override_by_field_type("number", list(NO_CELL)).override_by_field_type("string", list(NO_CELL))
    targets = [
        prometheus.Dataquery().instant().expr(one).format(PromQueryFormat.TABLE) for one in queries.values()
    ]
    _query(panel, targets)
    values = [f"Value #{_ref(index)}" for index in range(len(queries))] if len(queries) > 1 else ["Value"]
    if len(queries) > 1:
        panel.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
    order = {name: place for place, name in enumerate([*labels, *values])}
    headings |= dict(zip(values, queries, strict=True))
    panel.with_transformation(_organise(order, headings, hidden))
    order_by = [by] if isinstance(by, str) else by
    panel.sort_by([common.TableSortByFieldState().display_name(one).desc(True) for one in order_by])
    return panel.cell_height(shared.TableCellHeight.SM).min_width(LEAST_COLUMN)


def world(
    about: About, queries: Mapping[str, str], *, size: str, colour: str, overrides: Overrides
) -> geomap.Panel:
    """A map with a marker for each row. Grafana itself serves the outlines, so it needs no internet."""
    panel = geomap.Panel()
    _dress(panel, about, overrides)
    targets = [
        prometheus.Dataquery().instant().expr(one).format(PromQueryFormat.TABLE) for one in queries.values()
    ]
    _query(panel, targets)
    panel.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
    numbers = [{"targetField": name, "destinationType": "number"} for name in ("latitude", "longitude")]
    panel.with_transformation(
        model.DataTransformerConfig(id_val="convertFieldType", options={"fields": {}, "conversions": numbers})
    )
    headings = {f"Value #{_ref(index)}": heading for index, heading in enumerate(queries)}
    panel.with_transformation(_organise({}, headings))
    panel.thresholds(steps((None, GOOD))).color_scheme(
        dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS)
    )
    outline = {"color": {"fixed": "#8e949e"}, "opacity": 0.25}
    countries = {"src": "public/maps/countries.geojson", "rules": [], "style": outline}
    panel.basemap(common.MapLayerOptions().type("geojson").name("Countries").config(countries))
    place = common.FrameGeometrySource().mode(shared.FrameGeometrySourceMode.COORDS)
    place.latitude("latitude").longitude("longitude")
    marker = {
        "showLegend": False,
        "style": {
            "size": {"field": size, "min": 6, "max": 16},
            "color": {"field": colour},
            "opacity": 0.8,
            "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
            "text": {"mode": "field", "field": "city"},
            "textConfig": {
                "fontSize": 12,
                "offsetX": 0,
                "offsetY": -20,
                "textAlign": "center",
                "textBaseline": "middle",
            },
        },
    }
    layer = common.MapLayerOptions().type("markers").name("Places").config(marker).location(place)
    panel.layers([layer]).view(_all_markers())
    panel.controls(geomap.ControlsOptions().show_zoom(True).mouse_wheel_zoom(False))
    return panel.tooltip(geomap.TooltipOptions().mode(map_model.TooltipMode.DETAILS))


def _all_markers() -> geomap.MapViewConfig:
    """A view that shows all markers, and Europe if there are none; in percent, and no closer than a zoom."""
    return geomap.MapViewConfig().id("fit").all_layers(True).padding(40).lat(48).lon(15).zoom(4)


def _dress(panel: Any, about: About, overrides: Overrides) -> None:
    panel.title(about.title).description(about.description).unit(about.unit).datasource(DATASOURCE)
    panel.no_value(about.empty)
    for name, properties in overrides.items():
        if name.startswith("/"):
            panel.override_by_regexp(name, list(properties))
        else:
            panel.override_by_name(name, list(properties))
    panel.span(about.width).height(about.height)


def _query(panel: Any, targets: list[prometheus.Dataquery]) -> None:
    for index, target in enumerate(targets):
        panel.with_target(target.ref_id(_ref(index)).datasource(DATASOURCE))


def _ref(index: int) -> str:
    return "ABCDEFGHIJ"[index]


def _organise(
    order: Mapping[str, int], headings: Mapping[str, str], hidden: Sequence[str] = ()
) -> model.DataTransformerConfig:
    excluded = dict.fromkeys(("Time", *hidden), True)
    options = {"excludeByName": excluded, "indexByName": dict(order), "renameByName": dict(headings)}
    return model.DataTransformerConfig(id_val="organize", options=options)


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().show_legend(True)
    return legend.display_mode(shared.LegendDisplayMode.LIST).placement(shared.LegendPlacement.BOTTOM)
