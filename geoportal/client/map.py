"""Maps for notebooks in one HTML document that holds all it needs and may fetch nothing.

Method: folium draws with the Leaflet of this checkout, which `make assets` installs from npm; the
script, its style sheet and pictures are written into the document. A content security policy in the
document forbids every request, and a document that names another address is refused here.
"""

from __future__ import annotations

import base64
import html
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, override

import folium
import geopandas as gpd
import pandas as pd
from branca.element import Element, Figure, MacroElement
from folium.template import Template

from geoportal.client.errors import NoMap

LEAFLET = Path(__file__).resolve().parents[1] / "web" / "static" / "vendor" / "leaflet"
MOST = 20_000
"""Features that a browser still moves smoothly."""

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"

# Okabe and Ito (2008): eight colours that colour-blind people tell apart; black comes last.
CATEGORIES = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000",
)  # fmt: skip
# ColorBrewer YlGnBu, five classes.
STEPS = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
UNKNOWN = "#9e9e9e"
PLAIN = CATEGORIES[0]


@dataclass(frozen=True)
class OfflineMap:
    """A map as one HTML document; a notebook shows it, `save` writes it to a file to send on."""

    html: str
    height_px: int = 480

    def __post_init__(self) -> None:
        if found := external_addresses(self.html):
            raise NoMap(f"The map would fetch {found[0]} from the internet: it must hold all.")

    def save(self, path: str | Path) -> Path:
        """Write the document and return where it is."""
        target = Path(path)
        target.write_text(self.html, encoding="utf-8")
        return target

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" title="Map"'
            f' style="width:100%;height:{self.height_px}px;border:0"></iframe>'
        )


class _Map(folium.Map):
    """folium's map with Leaflet alone: nothing of what `draw` uses needs jQuery or Bootstrap."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - as folium declares them
    default_css: list[tuple[str, str]] = []  # noqa: RUF012


class _Credit(MacroElement):
    """The credit of the data, without the advertisement that Leaflet puts before it."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "L.control.attribution({prefix: false}).addAttribution({{ this.text|tojson }})"
        ".addTo({{ this._parent.get_name() }});{% endmacro %}"
    )

    def __init__(self, text: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.text = html.escape(text)


def draw(
    frame: gpd.GeoDataFrame,
    column: str | None = None,
    *,
    colours: Mapping[str, str] | None = None,
    show: Sequence[str] | None = None,
) -> OfflineMap:
    """Return a map of a frame, of any CRS, coloured by `column`: by value, numbers in five classes.

    `colours` gives values colours of their own; `show` names the columns that the pointer shows, by
    default all. Raises NoMap when there is nothing to draw or too much for a browser.
    """
    drawn = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    if drawn.empty:
        raise NoMap("No row of the frame has a geometry: there is nothing to draw.")
    if len(drawn) > MOST:
        raise NoMap(f"{len(drawn)} features are more than the {MOST} of a map: choose some first.")
    paint, key = _colours(drawn[column], colours) if column else ([PLAIN] * len(drawn), {})
    figure = _Map(tiles=None, prefer_canvas=True, attribution_control=False)
    names = list(show) if show is not None else [c for c in drawn.columns if c != "geometry"]
    layer = folium.GeoJson(
        _features(drawn.to_crs(4326), names, paint),
        style_function=lambda feature: _style(feature["properties"]["__colour"]),
        marker=folium.CircleMarker(radius=5, fill=True),
        tooltip=folium.GeoJsonTooltip([html.escape(name) for name in names]) if names else None,
    )
    layer.add_to(figure)
    west, south, east, north = (float(value) for value in drawn.to_crs(4326).total_bounds)
    figure.fit_bounds([[south, west], [north, east]])
    figure.add_child(_Credit(_credit(frame)))
    root = figure.get_root()
    assert isinstance(root, Figure)  # noqa: S101 - what folium puts a map into
    root.header.add_child(Element(_inlined()), name="leaflet", index=0)
    root.html.add_child(Element(_legend(column or "", key)))
    return OfflineMap(root.render())


def external_addresses(document: str) -> list[str]:
    """Return the addresses of other servers that an HTML document would fetch or link to.

    Looks at attributes and style sheets; what a script could ask for is stopped by the policy, and
    a document without the policy is reported as well.
    """
    reader = _Reader()
    reader.feed(document)
    reader.close()
    return reader.found if POLICY in reader.policies else [*reader.found, "(no policy)"]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.policies: list[str] = []
        self._style = False

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        given = {name: value or "" for name, value in attrs}
        if given.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(given.get("content", ""))
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            value = given.get(name, "").strip()
            if value and not value.startswith(("data:", "#")):
                self.found.append(value)

    @override
    def handle_data(self, data: str) -> None:
        if self._style:
            self.found += [u for u in _urls(data) if not u.startswith(("data:", "#"))]

    @override
    def handle_endtag(self, tag: str) -> None:
        self._style = False


def _urls(css: str) -> list[str]:
    return re.findall(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""", css)


def _inlined() -> str:
    """Return policy, style sheet and script of Leaflet as HTML."""
    try:
        script = (LEAFLET / "leaflet.js").read_text(encoding="utf-8")
        css = (LEAFLET / "leaflet.css").read_text(encoding="utf-8")
        for url in set(_urls(css)) - {"#default#VML"}:
            picture = base64.b64encode((LEAFLET / Path(url).name).read_bytes()).decode()
            css = css.replace(f"url({url})", f"url(data:image/png;base64,{picture})")
    except FileNotFoundError as error:
        raise NoMap(f"{error.filename} is missing: run `make assets` once.") from None
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<style>{css}</style><script>{script}</script>"
    )


def _colours(
    values: pd.Series[Any], given: Mapping[str, str] | None
) -> tuple[list[str], dict[str, str]]:
    """Return the colour of every row, and the legend: what each colour means."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return _classes(values.astype(float))
    known = sorted({str(value) for value in values.dropna()})
    if given is None and len(known) > len(CATEGORIES):
        raise NoMap(
            f"{values.name} has {len(known)} values, more than there are colours to tell apart:"
            " give `colours`, or choose rows."
        )
    key = {v: (given or {}).get(v, UNKNOWN) for v in known} if given else {}
    key = key or dict(zip(known, CATEGORIES, strict=False))
    paint = [UNKNOWN if pd.isna(value) else key[str(value)] for value in values]
    return paint, key | ({"?": UNKNOWN} if values.isna().any() else {})


def _classes(values: pd.Series[float]) -> tuple[list[str], dict[str, str]]:
    """Colour numbers in at most five classes of about as many rows each."""
    if not values.notna().any():
        return [UNKNOWN] * len(values), {"?": UNKNOWN}
    edges = sorted({float(values.quantile(part / 5)) for part in range(6)})
    if len(edges) == 1:
        edges = [edges[0], edges[0]]
    classes = list(itertools.pairwise(edges))
    colours = [STEPS[round(i * 4 / max(1, len(classes) - 1))] for i in range(len(classes))]
    key = {f"{a:g} - {b:g}": c for (a, b), c in zip(classes, colours, strict=True)}
    inner = edges[1:-1]
    paint = [
        UNKNOWN if pd.isna(value) else colours[sum(value > edge for edge in inner)]
        for value in values
    ]
    return paint, key | ({"?": UNKNOWN} if values.isna().any() else {})


def _features(
    frame: gpd.GeoDataFrame, names: Sequence[str], paint: Sequence[str]
) -> dict[str, Any]:
    """Return GeoJSON whose values are text that is safe in HTML: folium shows it as it is."""
    columns = [frame[name] for name in names]
    features = []
    for number, geometry in enumerate(frame.geometry):
        shown = {
            html.escape(name): ""
            if pd.isna(column.iloc[number])
            else html.escape(str(column.iloc[number]))
            for name, column in zip(names, columns, strict=True)
        }
        features.append(
            {
                "type": "Feature",
                "id": str(number),
                "properties": shown | {"__colour": paint[number]},
                "geometry": geometry.__geo_interface__,
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _style(colour: str) -> dict[str, Any]:
    return {"color": colour, "fillColor": colour, "weight": 1.5, "fillOpacity": 0.6}


def _credit(frame: gpd.GeoDataFrame) -> str:
    source = frame.attrs.get("source", {})
    parts = [source.get("attribution"), source.get("licence")]
    if source.get("status") == "demonstration":
        parts.append("demonstration")
    return "; ".join(part for part in parts if part)


def _legend(title: str, key: Mapping[str, str]) -> str:
    if not key:
        return ""
    rows = "".join(
        f'<div><span style="display:inline-block;width:1em;height:1em;background:{colour};'
        f'border:1px solid #555"></span> {html.escape(label)}</div>'
        for label, colour in key.items()
    )
    return (
        '<div style="position:absolute;top:10px;right:10px;z-index:1000;background:#fff;'
        'padding:6px 10px;font:14px sans-serif;border:1px solid #999">'
        f"<strong>{html.escape(title)}</strong>{rows}</div>"
    )
