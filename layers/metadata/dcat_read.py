"""A record out of DCAT in JSON-LD, RDF/XML or Turtle; nothing that it names is fetched."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from typing import Any, get_args

from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection

from layers.errors import CorruptSource
from layers.metadata.codes import ACCESSES, EU_FREQUENCIES
from layers.metadata.dcat import EU, INSPIRE, MEDIA_TYPES, PREFIXES, SYSTEM_TYPE
from layers.metadata.licences import spdx
from layers.metadata.record import Attribute, Distribution, Record, Words
from layers.metadata.times import moment
from layers.model import Access, FieldType, Licence, Status

ADMS, CSVW, DCAT, DCATAP, DCT, FOAF, ODRS, QUDT, RDFS, SKOS, VCARD = (
    Namespace(PREFIXES[one])
    for one in ("adms", "csvw", "dcat", "dcatap", "dct", "foaf", "odrs", "qudt", "rdfs", "skos",
                "vcard")
)  # fmt: skip

# Stands in for a context that lies on the network: the terms of DCAT by their own names.
_CONTEXT = PREFIXES | {
    **{
        name: f"dct:{name}"
        for name in (
            "title", "description", "identifier", "publisher", "license", "issued", "modified",
            "created", "spatial", "temporal", "accrualPeriodicity", "conformsTo", "accessRights",
            "rights", "provenance", "subject",
        )
    },
    **{
        name: f"dcat:{name}"
        for name in (
            "Dataset", "Distribution", "Catalog", "dataset", "distribution", "keyword", "theme",
            "contactPoint", "accessURL", "downloadURL", "mediaType", "bbox", "startDate", "endDate",
        )
    },
    "name": "foaf:name", "homepage": "foaf:homepage", "fn": "vcard:fn",
    "hasEmail": "vcard:hasEmail",
}  # fmt: skip
_PERIOD = re.compile(r"P(\d+[YMWD])*(T(\d+[HMS])+)?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
DEEPEST = 100


def read_dcat(data: bytes, format_: str, name: str) -> Record:
    """Return what a document of one data set says; `format_` is rdflib's name of its form.

    Raises CorruptSource when it cannot be read or describes no data set, or several.
    """
    graph = Graph()
    try:
        text = _with_own_context(data) if format_ == "json-ld" else data.decode("utf-8-sig")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's own use of its old class
            graph.parse(data=text, format=format_)
    except Exception as error:  # noqa: BLE001 - rdflib raises whatever its input makes it
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise CorruptSource(f"{name} cannot be read as DCAT ({said}); export it anew") from None
    found = sorted(graph.subjects(RDF.type, DCAT.Dataset), key=str)
    if len(found) != 1:
        count = f"{len(found)} data sets" if found else "no dcat:Dataset"
        raise CorruptSource(f"{name} describes {count}; keep the one that the file holds")
    return _Reader(graph, found[0]).record()


def _with_own_context(data: bytes) -> str:
    document = json.loads(data.decode("utf-8-sig"))
    return json.dumps(_local(document, 0))


def _local(value: Any, depth: int) -> Any:
    """Return JSON-LD whose contexts are all in it."""
    if depth > DEEPEST:
        raise ValueError("it is nested too deeply")
    if isinstance(value, list):
        return [_local(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _context(one) if key == "@context" else _local(one, depth + 1)
        for key, one in value.items()
        if key != "@import"
    }


def _context(value: Any) -> Any:
    if isinstance(value, str):
        return _CONTEXT
    if isinstance(value, list):
        return [_context(one) for one in value]
    # The definition of a term may have a context of its own.
    return _local(value, 0)


class _Reader:
    """Reads one data set of a graph."""

    def __init__(self, graph: Graph, node: Any) -> None:
        self.graph = graph
        self.node = node

    def record(self) -> Record:
        time, publisher = self.one(DCT.temporal), self.one(DCT.publisher)
        card, page = self.one(DCAT.contactPoint), self.one(FOAF.isPrimaryTopicOf)
        portal = self.one(DCT.publisher, page)
        mail = self.text(VCARD.hasEmail, card)
        systems = list(self.systems())
        return Record(
            id=self.text(DCT.identifier),
            title=self.words(DCT.title),
            abstract=self.words(DCT.description),
            keywords=tuple(sorted(map(str, self.all(DCAT.keyword)))),
            topics=tuple(sorted(self.codes(DCT.subject, f"{INSPIRE}TopicCategory/"))),
            supplier=self.words(FOAF.name, publisher) or self.words(VCARD.fn, card),
            supplier_url=self.text(FOAF.homepage, publisher) or None,
            email=mail.removeprefix("mailto:") or None,
            publisher=self.words(FOAF.name, portal),
            publisher_url=self.text(FOAF.homepage, portal) or None,
            licence=self.licence(),
            attribution=self.text(ODRS.attributionText, self.one(DCT.rights)) or None,
            access=self.access(),
            legal_basis=self.words(DCT.title, self.one(DCATAP.applicableLegislation)),
            status=self.status(),
            created=moment(self.text(DCT.created)),
            issued=moment(self.text(DCT.issued)),
            modified=moment(self.text(DCT.modified)),
            time_start=moment(self.text(DCAT.startDate, time)),
            time_end=moment(self.text(DCAT.endDate, time)),
            update_period=self.period(),
            bbox=self.bbox(),
            crs=tuple(sorted(name for name, is_system in systems if is_system)),
            lineage=self.words(RDFS.label, self.one(DCT.provenance)),
            representation=self.representation(),
            fields=tuple(self.fields()),
            distributions=tuple(sorted(self.distributions(), key=lambda one: one.url)),
            schema_url=next((name for name, is_system in systems if not is_system), None),
        )

    def all(self, predicate: Any, node: Any = None) -> list[Any]:
        return list(self.graph.objects(self.node if node is None else node, predicate))

    def one(self, predicate: Any, node: Any = "the data set") -> Any:
        """Return one object, None when there is none; the first by name, whatever the order."""
        if node is None:
            return None
        found = self.all(predicate, None if node == "the data set" else node)
        return min(found, key=str, default=None)

    def text(self, predicate: Any, node: Any = "the data set") -> str:
        found = self.one(predicate, node)
        return "" if found is None else " ".join(str(found).split())

    def words(self, predicate: Any, node: Any = "the data set") -> Words:
        """Return a text by the tags of its languages."""
        if node is None:
            return Words()
        said: dict[str, str] = {}
        for one in sorted(self.all(predicate, None if node == "the data set" else node), key=str):
            if isinstance(one, Literal) and str(one).strip():
                tag = (one.language or "").partition("-")[0]
                for language, text in Words.found(str(one), tag).said().items():
                    said.setdefault(language, text)
        return Words(**said)

    def codes(self, predicate: Any, table: str) -> Iterator[str]:
        for one in self.all(predicate):
            if str(one).startswith(table):
                yield str(one).removeprefix(table)

    def licence(self) -> Licence | None:
        """Return the licence of the data set, else that of a distribution."""
        found = self.one(DCT.license)
        for one in sorted(self.all(DCAT.distribution), key=str):
            found = found or self.one(DCT.license, one)
        if found is None:
            return None
        url = str(found) if isinstance(found, URIRef) else None
        said = url or (str(found) if isinstance(found, Literal) else "")
        title = self.text(DCT.title, found)
        id_ = self.text(DCT.identifier, found) or spdx(title, said) or said
        title = title or id_
        return Licence(id=id_[:80], title=title, url=url) if id_ else None

    def access(self) -> Access | None:
        code = next(self.codes(DCT.accessRights, f"{EU}access-right/"), None)
        return next((ours for ours, (_, eu) in ACCESSES.items() if eu == code), None)

    def status(self) -> str | None:
        found = self.text(SKOS.notation, self.one(ADMS.status))
        return found if found in get_args(Status) else None

    def representation(self) -> Any:
        table = f"{INSPIRE}SpatialRepresentationType/"
        found = next(self.codes(ADMS.representationTechnique, table), None)
        return found if found in ("vector", "grid") else None

    def period(self) -> str | None:
        found = self.one(DCT.accrualPeriodicity)
        own = self.text(SKOS.notation, found)
        if _PERIOD.fullmatch(own) or own in ("irregular", "once", "continuous"):
            return own
        return EU_FREQUENCIES.get("" if found is None else str(found).rpartition("/")[2])

    def bbox(self) -> tuple[float, float, float, float] | None:
        """Return the box around the numbers of the WKT of a place; None without one."""
        for place in self.all(DCT.spatial):
            wkt = self.text(DCAT.bbox, place)
            numbers = [float(one) for one in _NUMBER.findall(wkt.rpartition(">")[2])]
            xs, ys = numbers[::2], numbers[1::2]
            if len(xs) == len(ys) >= 2 and max(map(abs, xs)) <= 180 and max(map(abs, ys)) <= 90:
                return min(xs), min(ys), max(xs), max(ys)
        return None

    def systems(self) -> Iterator[tuple[str, bool]]:
        """Yield what the data conform to, and whether it is a reference system."""
        for one in sorted(self.all(DCT.conformsTo), key=str):
            name = self.text(DCT.identifier, one) or str(one)
            is_system = self.text(DCT.type, one) == SYSTEM_TYPE or "/crs/" in name
            yield name, is_system

    def fields(self) -> Iterator[Attribute]:
        head = self.one(CSVW.column, self.one(CSVW.tableSchema))
        if head is None:
            return
        for one in Collection(self.graph, head):
            type_ = self.text(CSVW.datatype, one)
            yield Attribute(
                self.text(CSVW.name, one),
                type_ if type_ in get_args(FieldType) else "",
                self.words(CSVW.title, one),
                self.text(QUDT.ucumCode, one) or None,
                _number(self.text(CSVW.minimum, one)),
                _number(self.text(CSVW.maximum, one)),
            )

    def distributions(self) -> Iterator[Distribution]:
        for one in self.all(DCAT.distribution):
            download = self.text(DCAT.downloadURL, one)
            url = download or self.text(DCAT.accessURL, one)
            kind = self.text(DCAT.mediaType, one).removeprefix(MEDIA_TYPES)
            if url:
                yield Distribution(url, self.text(DCT.title, one), kind, bool(download))


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None
