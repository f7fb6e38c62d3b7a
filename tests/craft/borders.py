"""Makes `netmon/data/borders.tsv`, the areas of all countries, from Natural Earth.

`npm pack world-atlas@2.0.2`, then `python -m tests.craft.borders world-atlas-2.0.2.tgz`.

An area is a set of cells of a fifth of a degree, and has every cell that a polygon of the country touches, at
1:50m or at 1:10m. So it is never smaller than the country, and at most a cell larger in any direction. An
area belongs to everyone who counts it to a country: dependent territories, which have codes of their own, to
their state as well, and disputed areas to every claimant, at the price of rectangles around them.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import tarfile
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from netmon.places.borders import CELLS_PER_DEGREE, FILE

PACKAGE = "world-atlas@2.0.2"
SHA256 = "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97"
SCALES = ("package/countries-50m.json", "package/countries-10m.json")
HEADER = """\
# The areas of countries: for each ISO 3166-1 code (and XK, Kosovo) the cells of 0.2 degrees that it touches.
# A line has the code and, separated by tabs, the rows: the row, and runs of columns from west to east. Row 0
# begins at 90 degrees south, column 0 at 180 degrees west. "687 942+1" is row 687, columns 942 and 943.
# Source: Natural Earth 4.1.0 (2018-05-21), Admin 0 countries at 1:50m and 1:10m, public domain
# (https://www.naturalearthdata.com/about/terms-of-use/), in the npm package world-atlas 2.0.2 (ISC licence).
# Written by `python -m tests.craft.borders`, which also says who counts disputed areas to which country.
"""

_NUMBERED = """
    004:AF 008:AL 010:AQ 012:DZ 016:AS 020:AD 024:AO 028:AG 031:AZ 032:AR 036:AU 040:AT 044:BS 048:BH 050:BD
    051:AM 052:BB 056:BE 060:BM 064:BT 068:BO 070:BA 072:BW 076:BR 084:BZ 086:IO 090:SB 092:VG 096:BN 100:BG
    104:MM 108:BI 112:BY 116:KH 120:CM 124:CA 132:CV 136:KY 140:CF 144:LK 148:TD 152:CL 156:CN 158:TW 170:CO
    174:KM 178:CG 180:CD 184:CK 188:CR 191:HR 192:CU 196:CY 203:CZ 204:BJ 208:DK 212:DM 214:DO 218:EC 222:SV
    226:GQ 231:ET 232:ER 233:EE 234:FO 238:FK 239:GS 242:FJ 246:FI 248:AX 250:FR 258:PF 260:TF 262:DJ 266:GA
    268:GE 270:GM 275:PS 276:DE 288:GH 292:GI 296:KI 300:GR 304:GL 308:GD 316:GU 320:GT 324:GN 328:GY 332:HT
    334:HM 336:VA 340:HN 344:HK 348:HU 352:IS 356:IN 360:ID 364:IR 368:IQ 372:IE 376:IL 380:IT 384:CI 388:JM
    392:JP 398:KZ 400:JO 404:KE 408:KP 410:KR 414:KW 417:KG 418:LA 422:LB 426:LS 428:LV 430:LR 434:LY 438:LI
    440:LT 442:LU 446:MO 450:MG 454:MW 458:MY 462:MV 466:ML 470:MT 478:MR 480:MU 484:MX 492:MC 496:MN 498:MD
    499:ME 500:MS 504:MA 508:MZ 512:OM 516:NA 520:NR 524:NP 528:NL 531:CW 533:AW 534:SX 540:NC 548:VU 554:NZ
    558:NI 562:NE 566:NG 570:NU 574:NF 578:NO 580:MP 581:UM 583:FM 584:MH 585:PW 586:PK 591:PA 598:PG 600:PY
    604:PE 608:PH 612:PN 616:PL 620:PT 624:GW 626:TL 630:PR 634:QA 642:RO 643:RU 646:RW 652:BL 654:SH 659:KN
    660:AI 662:LC 663:MF 666:PM 670:VC 674:SM 678:ST 682:SA 686:SN 688:RS 690:SC 694:SL 702:SG 703:SK 704:VN
    705:SI 706:SO 710:ZA 716:ZW 724:ES 728:SS 729:SD 732:EH 740:SR 748:SZ 752:SE 756:CH 760:SY 762:TJ 764:TH
    768:TG 776:TO 780:TT 784:AE 788:TN 792:TR 795:TM 796:TC 798:TV 800:UG 804:UA 807:MK 818:EG 826:GB 831:GG
    832:JE 833:IM 834:TZ 840:US 850:VI 854:BF 858:UY 860:UZ 862:VE 876:WF 882:WS 887:YE 894:ZM
"""
CODES = dict(pair.split(":") for pair in _NUMBERED.split())
"""ISO 3166-1: numeric code → two letters."""

WITHOUT_CODE = {
    "Akrotiri": "CY GB",
    "Baikonur": "KZ RU",
    "Bajo Nuevo Bank": "CO HN JM NI US",
    "Clipperton I.": "FR",
    "Coral Sea Is.": "AU",
    "Cyprus U.N. Buffer Zone": "CY TR",
    "Dhekelia": "CY GB",
    "Indian Ocean Ter.": "AU CC CX",
    "Kosovo": "RS XK",
    "N. Cyprus": "CY TR",
    "Scarborough Reef": "CN PH TW",
    "Serranilla Bank": "CO HN JM NI US",
    "Siachen Glacier": "CN IN PK",
    "Somaliland": "SO",
    "Spratly Is.": "BN CN MY PH TW VN",
    "USNB Guantanamo Bay": "CU US",
}
"""Areas of Natural Earth without a numeric code, and who counts them to which country."""

CLAIMED = {
    "AQ": "AR AU CL FR GB NO NZ",
    "AS": "US",
    "AI": "GB",
    "AW": "NL",
    "AX": "FI",
    "BL": "FR",
    "BM": "GB",
    "BZ": "GT",
    "CK": "NZ",
    "CW": "NL",
    "EH": "MA",
    "FK": "AR GB",
    "FO": "DK",
    "GG": "GB",
    "GI": "ES GB",
    "GL": "DK",
    "GS": "AR GB",
    "GU": "US",
    "HK": "CN",
    "HM": "AU",
    "IL": "PS",
    "IM": "GB",
    "IO": "GB MU MV",
    "JE": "GB",
    "KP": "KR",
    "KR": "KP",
    "KY": "GB",
    "MF": "FR",
    "MO": "CN",
    "MP": "US",
    "MS": "GB",
    "NC": "FR",
    "NF": "AU",
    "NU": "NZ",
    "PF": "FR",
    "PM": "FR",
    "PN": "GB",
    "PR": "US",
    "PS": "IL",
    "SH": "GB",
    "SX": "NL",
    "TC": "GB",
    "TF": "FR KM MG MU",
    "TW": "CN",
    "UM": "HT MH US",
    "VG": "GB",
    "VI": "US",
    "WF": "FR",
}
"""Code → the other countries to which its complete area is counted: as a dependent territory, or claimed."""

WITHIN = {
    "BQ": "NL",
    "BV": "NO",
    "GF": "FR",
    "GP": "FR",
    "MQ": "FR",
    "RE": "FR",
    "SJ": "NO",
    "TK": "NZ",
    "YT": "FR",
}
"""Codes whose area Natural Earth does not tell from that of a country: they get all of it."""

Box = tuple[float, float, float, float]
"""South, west, north, east."""

DISPUTED: tuple[tuple[str, str, Box], ...] = (
    ("Abkhazia and South Ossetia", "GE RU", (41.8, 39.9, 43.7, 44.9)),
    ("Abu Musa and the Tunbs", "AE IR", (25.7, 54.9, 26.4, 55.6)),
    ("Abyei, Heglig and Kafia Kingi", "SD SS", (8.6, 23.4, 10.7, 33.3)),
    ("Aksai Chin, Jammu and Kashmir", "CN IN PK", (32.2, 72.4, 37.2, 80.5)),
    ("Arroyo Invernada", "BR UY", (-31.3, -56.1, -30.7, -55.3)),
    ("Arunachal Pradesh", "CN IN", (26.5, 91.4, 29.6, 97.5)),
    ("Badme", "ER ET", (13.9, 36.4, 15.1, 40.0)),
    ("Barahoti, Demchok and Nelang", "CN IN", (30.0, 78.0, 33.0, 80.5)),
    ("Crimea", "RU UA", (44.2, 32.3, 46.3, 36.8)),
    ("Doklam and northern Bhutan", "BT CN IN", (27.0, 88.7, 28.5, 92.2)),
    ("Donetsk, Kherson, Luhansk and Zaporizhzhia", "RU", (45.9, 31.3, 50.2, 40.4)),
    ("Glorioso Islands", "FR KM MG", (-11.7, 47.1, -11.4, 47.5)),
    ("Golan Heights and Shebaa farms", "IL LB SY", (32.6, 35.5, 33.5, 36.0)),
    ("Guayana Esequiba", "VE", (1.0, -61.6, 8.8, -56.9)),
    ("Halaib and Bir Tawil", "EG SD", (21.6, 33.0, 23.3, 37.2)),
    ("Hans Island", "CA DK GL", (80.7, -66.7, 81.0, -66.1)),
    ("Ilemi triangle", "ET KE SS", (4.3, 35.0, 5.7, 36.3)),
    ("Islands in the Mozambique Channel", "FR MG", (-22.5, 39.5, -16.9, 42.9)),
    ("Kalapani", "IN NP", (29.8, 80.3, 30.7, 81.2)),
    ("Liancourt Rocks", "JP KP KR", (37.1, 131.7, 37.4, 132.0)),
    ("Matthew and Hunter Islands", "FR VU", (-22.6, 171.0, -22.1, 172.3)),
    ("Maroni headwaters", "FR SR", (2.0, -54.8, 3.8, -53.8)),
    ("Mayotte", "FR KM", (-13.1, 44.9, -12.5, 45.4)),
    ("Nagorno-Karabakh", "AM AZ", (38.7, 45.6, 40.5, 47.6)),
    ("Navassa", "HT US", (18.3, -75.2, 18.6, -74.8)),
    ("Olivenza", "ES PT", (38.4, -7.4, 39.0, -6.8)),
    ("Paracel Islands", "CN TW VN", (15.6, 111.0, 17.3, 112.9)),
    ("Pratas", "CN TW", (20.5, 116.6, 20.9, 117.0)),
    ("Sabah", "PH", (4.0, 115.0, 7.5, 119.4)),
    ("San Andres", "CO NI", (12.0, -82.0, 16.1, -78.4)),
    ("Senkaku Islands", "CN JP TW", (25.6, 123.3, 26.1, 124.7)),
    ("South China Sea", "BN CN MY PH TW VN", (4.0, 109.0, 12.0, 117.6)),
    ("Southern Kuril Islands", "JP RU", (43.2, 145.2, 46.1, 149.5)),
    ("Southern Patagonian Ice Field", "AR CL", (-51.1, -74.0, -48.0, -72.4)),
    ("Tokelau", "NZ TK", (-9.5, -172.6, -8.4, -171.1)),
    ("Swains", "NZ AS", (-11.2, -171.2, -10.9, -170.9)),
    ("Tigri", "GY SR", (1.8, -58.2, 5.1, -56.4)),
    ("Tromelin", "FR MG MU", (-16.0, 54.4, -15.8, 54.6)),
    ("Western Sahara", "EH MA", (20.7, -17.2, 27.7, -8.6)),
)
"""Disputed areas that Natural Earth has within one country, by rectangles, and who counts them to theirs."""

Cells = dict[int, list[tuple[int, int]]]
"""Row → runs of columns, the last one included."""
Point = tuple[float, float]
"""Longitude and latitude in degrees."""
Polygon = list[list[Point]]

ROWS, COLUMNS = 180 * CELLS_PER_DEGREE, 360 * CELLS_PER_DEGREE


def make(package: Path) -> str:
    """The text of the file, from the npm package."""
    areas: dict[str, Cells] = {}
    with tarfile.open(package) as archive:
        for name in SCALES:
            for codes, polygons in countries(archive, name):
                for code in codes:
                    cover(polygons, areas.setdefault(code, {}))
    for _, claimants, box in DISPUTED:
        for code in claimants.split():
            cover([[_ring(box)]], areas.setdefault(code, {}))
    whole = {code: areas[container] for code, container in WITHIN.items()}
    lines = (_line(code, cells) for code, cells in sorted((areas | whole).items()))
    return HEADER + "".join(lines)


def cover(polygons: Iterable[Polygon], cells: Cells) -> None:
    """Adds every cell that the polygons touch: those of their edges, and those between two edges."""
    for polygon in polygons:
        crossings: dict[int, list[float]] = {}
        for start, end in (edge for ring in polygon for edge in pairwise(ring)):
            for row, west, east, crossing in _pieces(start, end):
                _add(cells, row, west, east)
                if crossing is not None:
                    crossings.setdefault(row, []).append(crossing)
        for row, found in crossings.items():
            found.sort()
            for west, east in zip(found[::2], found[1::2], strict=True):
                _add(cells, row, west, east)


def runs_of(cells: Cells, row: int) -> list[tuple[int, int]]:
    """The runs of a row from west to east, joined where they touch."""
    joined: list[tuple[int, int]] = []
    for west, east in sorted(cells.get(row, ())):
        if joined and west <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], east))
        else:
            joined.append((west, east))
    return joined


def _pieces(start: Point, end: Point) -> Iterator[tuple[int, float, float, float | None]]:
    """The parts of an edge in each row: its bounds, and where it crosses the middle of the row."""
    (x, y), (other_x, other_y) = sorted((start, end), key=lambda point: point[1])

    def at(latitude: float) -> float:
        return x + (latitude - y) / (other_y - y) * (other_x - x)

    for row in range(_number(y), _number(other_y) + 1):
        low, high, middle = ((row + part) / CELLS_PER_DEGREE for part in (0, 1, 0.5))
        ends = [x, other_x] if other_y == y else [at(max(y, low)), at(min(other_y, high))]
        crossing = at(middle) if y <= middle < other_y else None
        yield row, min(ends), max(ends), crossing


def _add(cells: Cells, row: int, west: float, east: float) -> None:
    """Adds the cells between two longitudes, which may lie beyond the date line."""
    rest = cells.setdefault(min(max(row + 90 * CELLS_PER_DEGREE, 0), ROWS - 1), [])
    first = _number(west) + COLUMNS // 2
    last = min(_number(east) + COLUMNS // 2, first + COLUMNS - 1)
    start, end = first % COLUMNS, last % COLUMNS
    rest.extend([(start, end)] if start <= end else [(start, COLUMNS - 1), (0, end)])


def _number(degrees: float) -> int:
    return math.floor(degrees * CELLS_PER_DEGREE)


def _ring(box: Box) -> list[Point]:
    south, west, north, east = box
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def countries(archive: tarfile.TarFile, name: str) -> Iterator[tuple[set[str], list[Polygon]]]:
    """The codes of each area in a file of the package, and its polygons."""
    for code, title, polygons in areas_of(archive, name):
        others = CLAIMED.get(code, "") if code else WITHOUT_CODE[title]
        yield {*others.split(), *code.split()}, polygons


def areas_of(archive: tarfile.TarFile, name: str) -> Iterator[tuple[str, str, list[Polygon]]]:
    """The code of each area in a file of the package ("": it has none), its name, and its polygons.

    The format is https://github.com/topojson/topojson-specification.
    """
    member = archive.extractfile(name)
    assert member is not None
    topology = json.load(member)
    (scale_x, scale_y), (west, south) = (topology["transform"][key] for key in ("scale", "translate"))
    arcs: list[list[Point]] = []
    for steps in topology["arcs"]:
        x = y = 0
        arcs.append([])
        for step_x, step_y in steps:
            x, y = x + step_x, y + step_y
            arcs[-1].append((x * scale_x + west, y * scale_y + south))
    for area in topology["objects"]["countries"]["geometries"]:
        parts = area["arcs"] if area["type"] == "MultiPolygon" else [area["arcs"]]
        polygons = [
            [_join([arcs[one] if one >= 0 else arcs[~one][::-1] for one in ring]) for ring in part]
            for part in parts
        ]
        yield CODES[area["id"]] if "id" in area else "", area["properties"]["name"], polygons


def _join(arcs: Iterable[list[Point]]) -> list[Point]:
    """The ring of some arcs, which goes on beyond the date line, and around the South Pole over it."""
    ring: list[Point] = []
    for x, y in (point for arc in arcs for point in arc):
        turns = round((ring[-1][0] - x) / 360) if ring else 0
        ring.append((x + 360 * turns, y))
    if abs(ring[-1][0] - ring[0][0]) > 180:
        ring += [(ring[-1][0], -90), (ring[0][0], -90), ring[0]]
    return ring


def _line(code: str, cells: Cells) -> str:
    rows = (
        " ".join([str(row), *(f"{west}+{east - west}" for west, east in runs_of(cells, row))])
        for row in sorted(cells)
    )
    return "\t".join([code, *rows]) + "\n"


def main() -> None:
    """Writes the file from the package named on the command line."""
    package = Path(sys.argv[1])
    if hashlib.sha256(package.read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{package} is not {PACKAGE}: its SHA-256 differs")
    FILE.write_text(make(package), encoding="utf-8")


if __name__ == "__main__":
    main()
