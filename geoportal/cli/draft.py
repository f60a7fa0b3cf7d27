"""`geoportal layers draft`, `metadata`: a layer folder from a file; what is said about a layer."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from geoportal.cli import database
from geoportal.cli.common import Command, counted, settings
from geoportal.cli.progress import say
from layers.errors import BadValue, UnknownLayer
from layers.message import message
from layers.model import LANGUAGES, THEMES, Language, Status, Theme

if TYPE_CHECKING:
    from layers.draft.survey import Survey
    from layers.metadata.beside import Beside

OWN_LAYERS = Path("my-layers")
SHOWN = 8


@click.command(
    cls=Command,
    epilog="""
    geoportal layers draft benches.shp --theme infrastructure --id benches
    geoportal layers draft city.gpkg --source-layer trees --theme environment --id trees
    geoportal layers draft plan.dxf --theme planning --id plan --crs EPSG:28406 --out our-layers
    """,
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--theme", type=click.Choice(THEMES), required=True, help="Group of the layer.")
@click.option("--id", "layer_id", required=True, help="Id of the layer, e.g. benches.")
@click.option("--source-layer", metavar="NAME", help="Layer of a file that holds several.")
@click.option("--crs", metavar="CRS", help="CRS of a file that does not say it: EPSG:28406, WKT.")
@click.option("--encoding", metavar="NAME", help="Encoding of its text: UTF-8, cp1251, cp866.")
@click.option(
    "--status", type=click.Choice(get_args(Status)), help="What the data are, where you know it."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Folder of layers to write into; GEOPORTAL_LAYERS_DIR, else {OWN_LAYERS}, unless given.",
)
def draft(
    file: Path, theme: Theme, layer_id: str, out: Path | None, status: str | None, **given: Any
) -> None:
    """Draft a layer folder from a file: fields, types, units, codes, style; finish it by hand.

    Metadata beside the file or in its zip (ISO 19115/19139 XML, DCAT) fill in texts and rights.
    What nobody can guess is marked TODO, and `geoportal layers check` names every such place.
    """
    from layers import registry
    from layers.check import folder_faults
    from layers.draft import folder
    from layers.draft.survey import Asked, survey
    from layers.metadata.beside import find
    from layers.metadata.record import Record

    here = settings()
    if layer_id in registry.load_layers():
        raise BadValue(f"there is a layer {layer_id!r} already; choose another --id")
    root = out or here.layers_dir or OWN_LAYERS
    folder.require_free(root, layer_id)
    beside = find(file, given["source_layer"])
    record = beside.record if beside else Record()
    record = replace(record, status=status or record.status)
    crs_said = record.crs[0] if len(record.crs) == 1 else None
    found = survey(file, Asked(**given, crs_said=crs_said))
    files = folder.draft(layer_id, theme, found, record, comments=_comments(found, beside))
    written = folder.write(root, theme, layer_id, files)
    for line in _told(found, beside):
        say(line)
    _, _, faults = folder_faults(written)
    left = f"{counted(len(faults), 'place')} left to be written: geoportal layers check {root}"
    say(f"{written}: {left if faults else 'complete'}")
    say(f"then: {_load_command(file, layer_id, found, given)}")


@click.command(
    cls=Command,
    epilog="""
    geoportal layers metadata buildings
    geoportal layers metadata buildings --format dcat --lang be
    """,
)
@click.argument("layer_id", metavar="ID")
@click.option(
    "--format", "form", type=click.Choice(["iso", "dcat"]), default="iso", show_default=True,
    help="ISO 19139 XML, or DCAT-AP JSON-LD.",
)  # fmt: skip
@click.option(
    "--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language."
)
def metadata(layer_id: str, form: str, lang: Language) -> None:
    """Write what is said about a layer, and about what is loaded of it where a database runs."""
    import orjson

    from geoportal.ogc.api import TITLE
    from geoportal.ogc.metadata import ISO, Place, layer_record, written

    here = settings()
    known = database.definitions(here)
    known |= {name: one.layer for name, one in database.published(here).items()}
    if layer_id not in known:
        raise UnknownLayer(message("load.no_layer", layer=layer_id, layers=list(known)))
    versions, areas = database.loaded(here, layer_id)
    place = Place(here.base_url, TITLE)
    record = layer_record(known[layer_id], versions, areas, place, lang)
    found = written(record, ISO if form == "iso" else form, place, lang)
    text = found if isinstance(found, bytes) else orjson.dumps(found, option=orjson.OPT_INDENT_2)
    click.echo(text.decode())


def _load_command(file: Path, layer_id: str, found: Survey, given: dict[str, Any]) -> str:
    """Return the command that loads the file as it was drafted."""
    said = given | {"crs": found.named_crs}
    options = {name.replace("_", "-"): value for name, value in said.items() if value}
    words = ["geoportal", "load", "vector", str(file), "--layer", layer_id]
    words += [word for name, value in options.items() for word in (f"--{name}", value)]
    return f"{shlex.join(words)} (a city's layer: --area ID)"


def _told(found: Survey, beside: Beside | None) -> list[str]:
    fields = ", ".join(f"{name} ({one.type})" for name, one in found.columns.items())
    lines = [
        f"{found.source.file.name}: {counted(found.rows, 'feature')}, {found.geometry},"
        f" {found.way.crs}, {_box(found)}; text in {found.source.encoding}",
        f"columns: {fields or 'none but places'}",
    ]
    if beside is not None:
        lines.append(f"metadata: {beside.note or f'read from {beside.file.name}'}")
    return lines


def _comments(found: Survey, beside: Beside | None) -> list[str]:
    lines = [
        f"Drafted from {found.source.file.name}: {counted(found.rows, 'feature')},"
        f" {found.way.crs}, {_box(found)}.",
        "What is marked TODO is left to be written; `geoportal layers check` names every place.",
    ]
    if beside is None or beside.note:
        return lines
    record = beside.record
    days = {"created": record.created, "published": record.issued, "revised": record.modified}
    said = [f"{what} {day.date()}" for what, day in days.items() if day]
    said += [f"lineage: {record.lineage.get('en')}"] if record.lineage else []
    said += [f"reference system: {', '.join(record.crs[:SHOWN])}"] if record.crs else []
    said += [f"contact: {record.email}"] if record.email else []
    return [*lines, f"Metadata of {beside.file.name}: {'; '.join(said) or 'no dates'}."]


def _box(found: Survey) -> str:
    west, south, east, north = found.bbox or (0, 0, 0, 0)
    return f"lon {west:.5f} to {east:.5f}, lat {south:.5f} to {north:.5f}"
