"""A record out of ISO 19139 or ISO 19115-3 XML, of whatever profile; what is not said stays empty.

Read by local names: both standards, and both namespaces of GML, keep the names of the elements.
Nothing is fetched and no entity is resolved.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from lxml import etree

from layers.errors import CorruptSource
from layers.metadata.codes import ACCESSES, ISO_FREQUENCIES, LANGUAGES_639
from layers.metadata.iso import STATUS_THESAURUS, UCUM_URI
from layers.metadata.licences import spdx
from layers.metadata.record import Attribute, Distribution, Record, Words
from layers.metadata.times import moment
from layers.model import Access, FieldType, Licence, Status

MAX_BYTES = 10_000_000
_ROOT = "MD_Metadata"
_LANGUAGES = {code: language for language, code in LANGUAGES_639.items()} | {
    language: language for language in LANGUAGES_639
}
_PERIOD = re.compile(r"P(\d+[YMWD])*(T(\d+[HMS])+)?")
_OWNERS = ("owner", "publisher", "custodian", "pointOfContact", "originator", "author")


def parse_xml(data: bytes, name: str) -> Any:
    """Return the root of a document, its elements without namespaces; raises CorruptSource."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        said = " ".join(str(error).split())[:200]
        raise CorruptSource(f"{name} is not valid XML ({said}); export it anew") from None
    if root.getroottree().docinfo.doctype:
        raise CorruptSource(
            f"{name} declares a document type, which metadata have no use for; take the DOCTYPE out"
        )
    return root


def read_bytes(file: Path) -> bytes:
    """Return the bytes of a metadata file; raises CorruptSource when it is too long or unread."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CorruptSource(f"{file.name} cannot be read ({error.strerror})") from None
    require_short(file.name, len(data))
    return data


def require_short(name: str, size: int) -> None:
    """Raise CorruptSource when a file of `size` bytes is too long to be metadata."""
    if size > MAX_BYTES:
        raise CorruptSource(f"{name} has {size} bytes, metadata at most {MAX_BYTES}; is it data?")


def read_iso(root: Any, name: str) -> Record:
    """Return what an XML document says; raises CorruptSource when it is no ISO metadata."""
    for element in root.iter():
        element.tag = etree.QName(element).localname
    found = root if root.tag == _ROOT else root.find(f".//{_ROOT}")
    if found is None:
        raise CorruptSource(
            f"{name} holds no ISO 19115/19139 metadata (its root is {root.tag}); export it so"
        )
    return _Reader(found).record()


class _Reader:
    """Reads one MD_Metadata whose elements have lost their namespaces."""

    def __init__(self, root: Any) -> None:
        self.root = root
        found = root.find("identificationInfo/*")
        self.data = etree.Element("none") if found is None else found
        self.locales = {
            one.get("id"): _LANGUAGES.get(_code(one.find("languageCode")) or "")
            or _LANGUAGES.get(_code(one.find("language")) or "")
            for one in root.iter("PT_Locale")
        }
        told = root.find("language"), root.find("defaultLocale/PT_Locale/language")
        self.language = next(
            (found for one in told if (found := _LANGUAGES.get(_code(one) or ""))), None
        )

    def record(self) -> Record:
        data, time = self.data, self.root.find(".//EX_TemporalExtent")
        dates = {
            _code(one.find("dateType")): moment(_text(one.find("date")))
            for one in data.findall("citation/CI_Citation/date/CI_Date")
        }
        lineage = ("dataQualityInfo/*/lineage/LI_Lineage/statement",
                   "resourceLineage/LI_Lineage/statement")  # fmt: skip
        identifiers = "fileIdentifier", "metadataIdentifier/MD_Identifier/code"
        return Record(
            id=next((t for one in identifiers if (t := _text(self.root.find(one)))), ""),
            title=self.words(data.find("citation/CI_Citation/title")),
            abstract=self.words(data.find("abstract")),
            keywords=tuple(self.keywords(None)),
            topics=tuple(filter(None, map(_text, data.findall("topicCategory")))),
            **self.parties(),
            licence=self.licence(),
            attribution=_text(data.find("credit")) or None,
            access=self.access(),
            legal_basis=self.words(data.find("supplementalInformation")),
            status=self.status(),
            created=dates.get("creation"),
            issued=dates.get("publication"),
            modified=dates.get("revision") or dates.get("lastUpdate"),
            time_start=_end(time, "beginPosition"),
            time_end=_end(time, "endPosition"),
            update_period=self.period(),
            bbox=self.bbox(),
            crs=tuple(self.systems()),
            lineage=next((w for one in lineage if (w := self.words(self.root.find(one)))), Words()),
            **self.shape(),
            fields=tuple(self.fields()),
            distributions=tuple(self.distributions()),
            schema_url=self.schema_url(),
        )  # fmt: skip

    def words(self, element: Any) -> Words:
        """Return a text with its translations."""
        if element is None or not (text := _text(element)):
            return Words()
        said = {
            language: " ".join((one.text or "").split())
            for one in element.iter("LocalisedCharacterString")
            if (language := self.locales.get((one.get("locale") or "").lstrip("#")))
        }
        first = Words.found(text, self.language).said()
        return Words(**({k: v for k, v in said.items() if v} | first))

    def keywords(self, thesaurus: str | None) -> Iterator[str]:
        """Yield the keywords of one thesaurus; None = of all but ours of the status."""
        for group in self.data.findall("descriptiveKeywords/MD_Keywords"):
            title = _text(group.find("thesaurusName/CI_Citation/title"))
            if title == thesaurus or (thesaurus is None and title != STATUS_THESAURUS):
                yield from filter(None, map(_text, group.findall("keyword")))

    def status(self) -> str | None:
        found = self.keywords(STATUS_THESAURUS)
        return next((one for one in found if one in get_args(Status)), None)

    def parties(self) -> dict[str, Any]:
        """Return supplier and publisher: the first of the likeliest role, and the contact."""
        found = [p for one in ("pointOfContact", "citation/CI_Citation/citedResponsibleParty")
                 for p in self.data.findall(f"{one}/*")]  # fmt: skip
        ranks = {role: n for n, role in enumerate(_OWNERS)}
        found.sort(key=lambda party: ranks.get(_code(party.find("role")) or "", len(ranks)))
        publishers = self.root.findall("contact/*")
        who, publisher = (self.party(p[0]) if p else None for p in (found, publishers))
        who = who or publisher or (Words(), None, None)
        publisher = publisher or who
        return {
            "supplier": who[0], "supplier_url": who[1], "email": who[2],
            "publisher": publisher[0], "publisher_url": publisher[1],
        }  # fmt: skip

    def party(self, party: Any) -> tuple[Words, str | None, str | None]:
        """Return name, address and mail of a responsible party."""
        paths = "organisationName", "party/CI_Organisation/name", "individualName", "party/*/name"
        name = next((w for one in paths if (w := self.words(party.find(one)))), Words())
        url = _text(party.find(".//onlineResource/CI_OnlineResource/linkage"))
        email = _text(party.find(".//electronicMailAddress"))
        return name, url or None, email or None

    def licence(self) -> Licence | None:
        """Return the licence: a link among the legal constraints, else their words."""
        legal = self.data.findall("resourceConstraints/MD_LegalConstraints")
        # Constraints on access alone say nothing about use.
        use = [one for one in legal if one.find("useConstraints") is not None] or [
            one for one in legal if one.find("accessConstraints") is None
        ]
        said = [one for group in use for one in group.findall("otherConstraints")]
        said += [one for group in use for one in group.findall("useLimitation")]
        said.sort(key=lambda one: one.find("Anchor") is None)
        for one in said:
            text, anchor = _text(one), one.find("Anchor")
            url = _link(anchor)
            if text:
                id_ = _attribute(anchor, "title") or spdx(text, url) or text[:80]
                return Licence(id=id_, title=text, url=url)
        return None

    def access(self) -> Access | None:
        path = "resourceConstraints/MD_SecurityConstraints/classification"
        code = _code(self.data.find(path))
        return next((ours for ours, (iso, _) in ACCESSES.items() if iso == code), None)

    def period(self) -> str | None:
        """Return the period of updates: written out, else by its code."""
        upkeep = self.data.find("resourceMaintenance/MD_MaintenanceInformation")
        if upkeep is None:
            return None
        own = _text(upkeep.find("userDefinedMaintenanceFrequency"))
        if own and _PERIOD.fullmatch(own):
            return own
        return ISO_FREQUENCIES.get(_code(upkeep.find("maintenanceAndUpdateFrequency")) or "")

    def bbox(self) -> tuple[float, float, float, float] | None:
        """Return the first box that is one."""
        for box in self.root.iter("EX_GeographicBoundingBox"):
            sides = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude",
                     "northBoundLatitude")  # fmt: skip
            numbers = [_number(_text(box.find(side))) for side in sides]
            west, south, east, north = numbers
            if None not in numbers and -180 <= west <= east <= 180 and -90 <= south <= north <= 90:  # type: ignore[operator]
                return west, south, east, north  # type: ignore[return-value]
        return None

    def systems(self) -> Iterator[str]:
        """Yield the reference systems, as code or with the authority before a bare number."""
        for one in self.root.findall("referenceSystemInfo/MD_ReferenceSystem"):
            identifier = one.find("referenceSystemIdentifier/*")
            if identifier is None:
                continue
            anchor = identifier.find("code/Anchor")
            code = _text(identifier.find("code")) or _link(anchor) or ""
            space = _text(identifier.find("codeSpace")) or "EPSG"
            if code:
                yield f"{space}:{code}" if code.isdigit() else code

    def shape(self) -> dict[str, Any]:
        """Return how the data represent space, and of how many objects."""
        kind = _code(self.data.find("spatialRepresentationType"))
        found: dict[str, Any] = {"representation": kind if kind in ("vector", "grid") else None}
        objects = self.root.find("spatialRepresentationInfo//MD_GeometricObjects")
        if objects is not None:
            names = {"point": "Point", "curve": "LineString", "surface": "Polygon"}
            count = _text(objects.find("geometricObjectCount"))
            code = _code(objects.find("geometricObjectType"))
            found["geometry"] = names.get(code or "", "Geometry")
            found["row_count"] = int(count) if count.isdigit() else None
        return found

    def fields(self) -> Iterator[Attribute]:
        """Yield the attributes that are described as dimensions."""
        for one in self.root.findall("contentInfo/MD_CoverageDescription//dimension/*"):
            name = _text(one.find("sequenceIdentifier/MemberName/aName"))
            units = one.find("units")
            unit = _link(units) or ""
            type_ = _text(one.find("sequenceIdentifier/MemberName/attributeType/TypeName/aName"))
            if name:
                yield Attribute(
                    name,
                    type_ if type_ in get_args(FieldType) else "",
                    self.words(one.find("descriptor")),
                    unit.removeprefix(UCUM_URI) if unit.startswith(UCUM_URI) else None,
                    _number(_text(one.find("minValue"))),
                    _number(_text(one.find("maxValue"))),
                )

    def distributions(self) -> Iterator[Distribution]:
        """Yield where the data are got."""
        path = "distributionInfo/MD_Distribution//onLine/CI_OnlineResource"
        for one in self.root.findall(path):
            url = _text(one.find("linkage"))
            if url:
                name = _text(one.find("name")) or _text(one.find("description"))
                download = _code(one.find("function")) == "download"
                yield Distribution(url, name, _text(one.find("protocol")), download)

    def schema_url(self) -> str | None:
        path = "contentInfo/MD_FeatureCatalogueDescription/featureCatalogueCitation"
        return _link(self.root.find(f"{path}/CI_Citation/title/Anchor"))


def _text(element: Any) -> str:
    """Return the text of an element or of the one in it, spaces made single."""
    if element is None:
        return ""
    # Translations stand beside the text, in an element of their own.
    for one in (element, *(c for c in element if c.tag != "PT_FreeText")):
        if one.text and one.text.strip():
            return " ".join(one.text.split())
    return ""


def _code(element: Any) -> str | None:
    """Return the value of a code list, or the text where there is no code."""
    if element is None:
        return None
    for one in element.iter():
        if one.get("codeListValue"):
            return str(one.get("codeListValue"))
    return _text(element) or None


def _attribute(element: Any, name: str) -> str | None:
    return None if element is None else element.get(f"{{http://www.w3.org/1999/xlink}}{name}")


def _link(element: Any) -> str | None:
    return _attribute(element, "href")


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _end(time: Any, name: str) -> dt.datetime | None:
    if time is None:
        return None
    found = next(time.iter(name), None)
    if found is None and name == "beginPosition":
        found = next(time.iter("timePosition"), None)
    return moment(_text(found))
