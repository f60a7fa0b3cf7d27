"""`geoportal load vector` and `geoportal load undo`: a file of any form into a layer, and back."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from geoportal.cli import database
from geoportal.cli.common import Command, settings
from geoportal.cli.progress import bar, say
from geoportal.settings import Settings
from layers import registry
from layers.errors import BadValue, UnknownLayer
from layers.message import Message, message
from layers.model import COUNTRY, Layer

if TYPE_CHECKING:
    from layers.ingest.vector.load_report import LoadReport
    from layers.ingest.vector.mapping import Mapping

REFUSED, HELD = 1, 3
"""Exit codes: nothing of the file is loaded; a person must look at what would vanish."""

SHOWN = 5
"""How many features a line of the summary names."""

LAYER = click.option("--layer", "layer_id", required=True, metavar="ID", help="Layer to load into.")
AREA = click.option(
    "--area", "area_id", metavar="ID", help="City or quarter; a national layer needs none."
)


@click.command(
    cls=Command,
    epilog="""
    geoportal load vector parcels.shp --layer parcels --area orsha --dry-run
    geoportal load vector lamps.csv --layer street_lights --area orsha --mapping lamps.yml
    geoportal load vector plan.dxf --layer red_lines --area orsha --crs EPSG:28406
    geoportal load vector city.gpkg --layer buildings --area orsha --source-layer houses
    """,
)
@click.argument("file", type=click.Path(path_type=Path))
@LAYER
@AREA
@click.option("--crs", metavar="CRS", help="CRS of a file that does not say it: EPSG:28406, WKT.")
@click.option("--encoding", metavar="NAME", help="Encoding of its text: UTF-8, cp1251, cp866.")
@click.option("--source-layer", metavar="NAME", help="Layer of a file that holds several.")
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Which column is which field; else mapping.yml of the layer's folder, else equal names.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--accept-removals",
    is_flag=True,
    help="Load a file that was held because many features would vanish.",
)
@click.option("--licence", metavar="SPDX", help="Licence of the file, e.g. CC-BY-4.0.")
@click.option("--attribution", metavar="TEXT", help="Whom to name as its source.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the whole report there.",
)
def vector(
    file: Path,
    layer_id: str,
    area_id: str | None,
    mapping_file: Path | None,
    json_file: Path | None,
    licence: str | None,
    **given: Any,
) -> None:
    """Load a vector file of any form: say what is wrong, repair what can be, load the rest.

    Ends with 1 when the file is refused, with 3 when it is held for review; nothing has changed
    then. `geoportal load reports` lists what every load found, in three languages.
    """
    from layers.area import get_area
    from layers.ingest.vector.faults import publish_faults
    from layers.ingest.vector.load import Options, load_vector
    from layers.ingest.vector.reports import keep, refusals_kept
    from layers.load_reports import in_words
    from layers.model import Licence

    if json_file is not None and not json_file.parent.is_dir():
        raise BadValue(message("load.no_folder", folder=str(json_file.parent)))
    here = settings()
    layer = _layer(here, layer_id)
    options = Options(
        mapping=_mapping(here, layer, mapping_file),
        licence=Licence(id=licence, title=licence) if licence else None,
        **given,
    )
    with database.migrated(here) as connection, bar(f"{layer.id}, {file.name}") as shown:
        area = get_area(connection, _area_id(layer, area_id))
        with (
            nullcontext()
            if options.dry_run
            else refusals_kept(connection, [layer.id], area.id, file)
        ):
            report = load_vector(connection, layer, file, area, options, shown.add)
        if not report.dry_run:
            keep(connection, report)
            publish_faults(connection, database.definitions(here), area)
    if json_file is not None:
        json_file.write_bytes(orjson.dumps(in_words(report.document(), "en")))
    for line in summary(report):
        say(line)
    if report.decision == "refused":
        sys.exit(REFUSED)
    if report.decision == "held":
        sys.exit(HELD)


@click.command(cls=Command, epilog="geoportal load undo parcels --area orsha")
@click.argument("layer_id", metavar="LAYER")
@AREA
def undo(layer_id: str, area_id: str | None) -> None:
    """Bring back what the last load of a file replaced, exactly as it was."""
    from layers.area import get_area
    from layers.ingest.vector.undo import undo as undo_load

    here = settings()
    layer = _layer(here, layer_id)
    with database.migrated(here) as connection:
        area = get_area(connection, _area_id(layer, area_id))
        done = undo_load(connection, layer, area)
    told = {"layer": layer.id, "area": area.id, "rows": done.row_count, "source": done.source}
    say(message("told.undone", changes=_changes(done.change), **told))


def summary(report: LoadReport) -> list[Message]:
    """Return a report as lines for a person."""
    counts = report.counts
    named = {"read": counts.read, "repaired": counts.repaired, "refused": counts.refused}
    lines = [
        message(
            "told.file", file=report.file, crs=report.crs, way=_way(report),
            encoding=report.encoding,
        ),
        message("told.counts", **named),
        *findings(report),
    ]  # fmt: skip
    if report.unmapped:
        lines.append(message("told.unmapped", columns=report.unmapped))
    if report.decision not in ("refused", "unchanged"):
        lines.append(_changes(counts))
    return [*lines, _state(report.layer, report.area, decision(report))]


def _way(report: LoadReport) -> Message:
    """Say how coordinates became WGS 84; what names no operation says it all."""
    operation = report.operation or message("told.nothing")
    if operation.code != "text":
        return operation
    if report.accuracy_m is None:
        return message("told.way", operation=operation)
    return message("told.way_accuracy", operation=operation, accuracy=report.accuracy_m)


def findings(report: LoadReport) -> list[Message]:
    """Return a line for each kind of fault that a load found."""
    lines = []
    for kind, number in report.totals.items():
        code, action = kind.split(" ")
        found = [f for f in report.findings if (f.code, f.action) == (code, action)][:SHOWN]
        told = {"action": message(f"told.action_{action}"), "count": number, "code": code}
        if found:
            told |= {"features": [f.called for f in found], "detail": found[0].message or ""}
            told["more"] = ", ..." if number > len(found) else ""
        lines.append(message("told.kind_named" if found else "told.kind", **told))
    return lines


def _changes(counts: object) -> Message:
    names = ("added", "changed", "removed", "unchanged")
    return message("told.changes", **{name: getattr(counts, name) for name in names})


def decision(report: LoadReport) -> Message:
    """Say what became of a load, or would have become of one that was only tried."""
    if report.why:
        held = report.decision == "held"
        stopped = message("told.held" if held else "told.refused")
        return message("told.stopped", decision=stopped, why=report.why)
    left_out = "told.without_refused" if report.counts.refused else "told.warned"
    codes = {"published_with_warnings": left_out, "unchanged": "told.unchanged"}
    done = message(codes.get(report.decision, "told.loaded"))
    return message("told.tried", decision=done) if report.dry_run else done


def _state(layer_id: str, area_id: str, state: Message) -> Message:
    return message("told.layer", layer=layer_id, area=area_id, state=state)


def _layer(here: Settings, layer_id: str) -> Layer:
    known = database.definitions(here)
    if layer_id not in known:
        raise UnknownLayer(message("load.no_layer", layer=layer_id, layers=list(known)))
    return known[layer_id]


def _area_id(layer: Layer, area_id: str | None) -> str:
    if area_id is None and layer.scope == "area":
        raise BadValue(message("load.needs_area", layer=layer.id))
    return area_id or COUNTRY


def _mapping(here: Settings, layer: Layer, file: Path | None) -> Mapping:
    from layers.ingest.vector.mapping import MAPPING, Mapping, read_mapping

    own = registry.folder(layer.id, *database.roots(here)) / MAPPING
    if file is None and not own.is_file():
        return Mapping()
    return read_mapping(file or own, layer)
