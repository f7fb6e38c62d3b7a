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

from grafana.src.fields import GOOD, Overrides, steps

DATASOURCE = shared.DataSourceRef(type_val="prometheus", uid="${datasource}")
HEADINGS = {"pythonversion": "Python", "sha256": "Signatures"}  # where the label's name is not a good heading
MOST_STEPS = 60  # of a graph: with an hour or more, a step is longer than three scrapes of 15 s
SENTENCE_SIZE = 24  # pixels
MOST_BAR_WIDTH = 12  # pixels; without it, Grafana draws a single bar as wide as the distance to the next
NO_FLOW = "No flow to a known vendor in this time range"
LEAST_COLUMN = 70  # pixels; without it, Grafana lets a table exceed the width of its panel
Panel = Builder[model.Panel]
Shape = Literal["lines", "areas", "shares", "bars"]


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
    shade: str | None = None,
    overrides: Overrides | None = None,
    maximum: float | None = None,
    least_maximum: float | None = None,
    is_filled: bool = True,
) -> timeseries.Panel:
    """Values over time; areas, shares and bars are stacked.

    `shade` is the colour of all series. The axis ends at `maximum`, or no lower than `least_maximum`.
    """
    panel = timeseries.Panel()
    _dress(panel, about, overrides or {})
    _query(panel, [_over_time(query) for query in queries])
    panel.max_data_points(MOST_STEPS)
    panel.legend(_legend()).tooltip(common.VizTooltipOptions().mode(shared.TooltipDisplayMode.MULTI))
    panel.line_width(1).fill_opacity(10 if is_filled else 0).show_points(shared.VisibilityMode.NEVER).min(0)
    if shape != "lines":
        mode = shared.StackingMode.PERCENT if shape == "shares" else shared.StackingMode.NORMAL
        panel.stacking(common.StackingConfig().mode(mode).group("A")).line_width(0).fill_opacity(75)
    if shape == "bars":
        panel.draw_style(shared.GraphDrawStyle.BARS).bar_max_width(MOST_BAR_WIDTH)
    if shade is not None:
        panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.SHADES).fixed_color(shade))
    if maximum is not None:
        panel.max(maximum)
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
    is_sentence: bool = False,
    no_value: str = "–",
    decimals: int | None = None,
) -> stat.Panel:
    """One value, large; a sentence is its legend, and fills its panel with the colour."""
    panel = stat.Panel()
    _dress(panel, about, {})
    _query(panel, [prometheus.Dataquery().instant().expr(query.expression).legend_format(query.legend)])
    mode = shared.BigValueColorMode.BACKGROUND_SOLID if is_sentence else shared.BigValueColorMode.VALUE
    panel.graph_mode(shared.BigValueGraphMode.NONE).color_mode(mode).no_value(no_value)
    text = shared.BigValueTextMode.NAME if is_sentence else shared.BigValueTextMode.VALUE
    panel.text_mode(text)
    panel.reduce_options(_last()).mappings(mappings or []).thresholds(thresholds or steps((None, "text")))
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    if is_sentence:
        panel.justify_mode(shared.BigValueJustifyMode.CENTER)
        panel.text(common.VizTextDisplayOptions().value_size(SENTENCE_SIZE))
    if decimals is not None:
        panel.decimals(decimals)
    return panel


def bars(about: About, query: Query, *, overrides: Overrides | None = None) -> bargauge.Panel:
    """One bar for each series, the name at its left."""
    panel = bargauge.Panel()
    _dress(panel, about, overrides or {})
    _query(panel, [prometheus.Dataquery().instant().expr(query.expression).legend_format(query.legend)])
    panel.orientation(shared.VizOrientation.HORIZONTAL).display_mode(shared.BarGaugeDisplayMode.BASIC)
    panel.name_placement(shared.BarGaugeNamePlacement.LEFT).value_mode(shared.BarGaugeValueMode.TEXT)
    panel.show_unfilled(True).min(0).decimals(0).reduce_options(_last())
    panel.text(common.VizTextDisplayOptions().value_size(14))
    panel.sizing(shared.BarGaugeSizing.AUTO).max_viz_height(28).min_viz_height(16)
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color("blue"))
    return panel


def rows(
    about: About,
    queries: Mapping[str, str],
    labels: Sequence[str],
    *,
    overrides: Overrides | None = None,
    by: str,
) -> table.Panel:
    """A table: labels as columns, then each query's value under its heading; greatest `by` first."""
    panel = table.Panel()
    _dress(panel, about, overrides or {})
    targets = [
        prometheus.Dataquery().instant().expr(one).format(PromQueryFormat.TABLE) for one in queries.values()
    ]
    _query(panel, targets)
    values = [f"Value #{_ref(index)}" for index in range(len(queries))] if len(queries) > 1 else ["Value"]
    if len(queries) > 1:
        panel.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
    headings = dict(zip(values, queries, strict=True))
    order = {name: place for place, name in enumerate([*labels, *values])}
    headings |= {label: HEADINGS.get(label, label.capitalize()) for label in labels}
    panel.with_transformation(_organise(order, headings))
    panel.sort_by([common.TableSortByFieldState().display_name(by).desc(True)])
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
    panel.layers([layer]).view(geomap.MapViewConfig().id("coords").lat(42).lon(15).zoom(2))
    panel.controls(geomap.ControlsOptions().show_zoom(True).mouse_wheel_zoom(False))
    return panel.tooltip(geomap.TooltipOptions().mode(map_model.TooltipMode.DETAILS))


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


def _organise(order: Mapping[str, int], headings: Mapping[str, str]) -> model.DataTransformerConfig:
    options = {"excludeByName": {"Time": True}, "indexByName": dict(order), "renameByName": dict(headings)}
    return model.DataTransformerConfig(id_val="organize", options=options)


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().show_legend(True)
    return legend.display_mode(shared.LegendDisplayMode.LIST).placement(shared.LegendPlacement.BOTTOM)
