"""ISO 19139 XML of a record: gmd:MD_Metadata, its elements in the order that the schema asks for.

Source: ISO/TS 19139:2007 (schemas of 2007-04-17, GML 3.2.1); texts in further languages by its
PT_FreeText. Attributes stand as the dimensions of an MD_CoverageDescription: the feature catalogue
of ISO 19115:2003 is only a citation and has no place for them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from xml.etree.ElementTree import (
    Element,
    QName,
    SubElement,
    indent,
    register_namespace,
    tostring,
)

from layers.metadata.codes import (
    ACCESSES,
    FREQUENCIES,
    LANGUAGES_639,
    OBJECTS,
    OTHER_FREQUENCY,
)
from layers.metadata.record import Attribute, Distribution, Record, Words
from layers.model import Language

NAMESPACES = {
    "gmd": "http://www.isotc211.org/2005/gmd",
    "gco": "http://www.isotc211.org/2005/gco",
    "gmx": "http://www.isotc211.org/2005/gmx",
    "gts": "http://www.isotc211.org/2005/gts",
    "gml": "http://www.opengis.net/gml/3.2",
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
CODE_LISTS = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml#"
UCUM_URI = "http://www.opengis.net/def/uom/UCUM/"
STATUS_THESAURUS = "geoportal: status of the data"
GMD = "gmd:"

_NO_CHAR = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

for _prefix, _uri in NAMESPACES.items():
    register_namespace(_prefix, _uri)


def iso_xml(record: Record, language: Language, stamp: dt.datetime) -> bytes:
    """Return the XML in a language, the others beside it; `stamp` is the date of the metadata."""
    root = _iso(record, language, stamp)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _iso(record: Record, language: Language, stamp: dt.datetime) -> Element:
    write = _Writer(language)
    root = Element(_name("gmd:MD_Metadata"))
    write.text(root, "fileIdentifier", record.id)
    write.code(root, "language", "LanguageCode", LANGUAGES_639[language])
    write.code(root, "characterSet", "MD_CharacterSetCode", "utf8")
    write.code(root, "hierarchyLevel", "MD_ScopeCode", "dataset")
    publisher = record.publisher or record.supplier
    write.party(root, "contact", publisher, record.publisher_url, None, "pointOfContact")
    _stamp(root, "dateStamp", stamp)
    write.text(root, "metadataStandardName", "ISO 19115:2003/19139")
    write.text(root, "metadataStandardVersion", "1.0")
    write.locales(root)
    _representation(root, write, record)
    for system in record.crs:
        identifier = _path(root, "referenceSystemInfo", "MD_ReferenceSystem")
        write.text(_path(identifier, "referenceSystemIdentifier", "RS_Identifier"), "code", system)
    _identification(root, write, record)
    _content(root, write, record)
    _distribution(root, write, record.distributions)
    _quality(root, write, record)
    return root


class _Writer:
    """Writes the elements whose form depends on the language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.others = [one for one in LANGUAGES_639 if one != language]

    def text(self, parent: Element, name: str, text: str, url: str | None = None) -> None:
        """Write a text, as a link where there is an address; nothing when it is empty."""
        holder = SubElement(parent, _name(GMD + name))
        element = SubElement(holder, _name("gmx:Anchor" if url else "gco:CharacterString"))
        element.text = _plain(text)
        if url:
            element.set(_name("xlink:href"), url)

    def words(self, parent: Element, name: str, words: Words) -> None:
        """Write a text in every language in which it is said."""
        if not words:
            return
        self.text(parent, name, words.get(self.language))
        others = {one: text for one, text in words.said().items() if one != self.language}
        if not others:
            return
        parent[-1].set(_name("xsi:type"), "gmd:PT_FreeText_PropertyType")
        free = SubElement(parent[-1], _name("gmd:PT_FreeText"))
        for one, text in others.items():
            group = SubElement(free, _name("gmd:textGroup"))
            local = SubElement(group, _name("gmd:LocalisedCharacterString"), locale=f"#{one}")
            local.text = _plain(text)

    def code(self, parent: Element, name: str, list_: str, value: str) -> None:
        """Write a value of a code list."""
        holder = SubElement(parent, _name(GMD + name))
        attributes = {"codeList": CODE_LISTS + list_, "codeListValue": value}
        SubElement(holder, _name(GMD + list_), attributes).text = value

    def party(
        self, parent: Element, name: str, who: Words, url: str | None, email: str | None, role: str
    ) -> None:
        """Write who is responsible, and how to reach them."""
        party = _path(parent, name, "CI_ResponsibleParty")
        self.words(party, "organisationName", who or Words(en="unknown"))
        if url or email:
            contact = _path(party, "contactInfo", "CI_Contact")
            if email:
                address = _path(contact, "address", "CI_Address")
                self.text(address, "electronicMailAddress", email)
            if url:
                online = _path(contact, "onlineResource", "CI_OnlineResource")
                SubElement(_path(online, "linkage"), _name("gmd:URL")).text = url
        self.code(party, "role", "CI_RoleCode", role)

    def locales(self, parent: Element) -> None:
        """Say which languages the further texts are in."""
        for one in self.others:
            locale = _path(parent, "locale", "PT_Locale")
            locale.set("id", one)
            self.code(locale, "languageCode", "LanguageCode", LANGUAGES_639[one])
            self.code(locale, "characterEncoding", "MD_CharacterSetCode", "utf8")


def _identification(root: Element, write: _Writer, record: Record) -> None:
    data = _path(root, "identificationInfo", "MD_DataIdentification")
    citation = _path(data, "citation", "CI_Citation")
    write.words(citation, "title", record.title)
    dates = {"creation": record.created, "publication": record.issued, "revision": record.modified}
    for kind, moment in dates.items():
        if moment is not None:
            date = _path(citation, "date", "CI_Date")
            _stamp(date, "date", moment)
            write.code(date, "dateType", "CI_DateTypeCode", kind)
    if not any(dates.values()):
        SubElement(citation, _name("gmd:date"), {_name("gco:nilReason"): "unknown"})
    write.text(_path(citation, "identifier", "MD_Identifier"), "code", record.id)
    write.words(data, "abstract", record.abstract)
    if record.attribution:
        write.text(data, "credit", record.attribution)
    write.party(data, "pointOfContact", record.supplier, record.supplier_url, record.email, "owner")
    _maintenance(data, write, record.update_period)
    _keywords(data, write, record)
    _constraints(data, write, record)
    if record.representation:
        kind = "MD_SpatialRepresentationTypeCode"
        write.code(data, "spatialRepresentationType", kind, record.representation)
    write.code(data, "language", "LanguageCode", LANGUAGES_639[write.language])
    write.code(data, "characterSet", "MD_CharacterSetCode", "utf8")
    for topic in record.topics:
        holder = SubElement(data, _name("gmd:topicCategory"))
        SubElement(holder, _name("gmd:MD_TopicCategoryCode")).text = topic
    _extent(data, record)
    write.words(data, "supplementalInformation", record.legal_basis)


def _maintenance(data: Element, write: _Writer, period: str | None) -> None:
    if period is None:
        return
    upkeep = _path(data, "resourceMaintenance", "MD_MaintenanceInformation")
    code = FREQUENCIES.get(period, OTHER_FREQUENCY)[0]
    write.code(upkeep, "maintenanceAndUpdateFrequency", "MD_MaintenanceFrequencyCode", code)
    if period.startswith("P"):
        holder = SubElement(upkeep, _name("gmd:userDefinedMaintenanceFrequency"))
        SubElement(holder, _name("gts:TM_PeriodDuration")).text = period


def _keywords(data: Element, write: _Writer, record: Record) -> None:
    if record.keywords:
        keywords = _path(data, "descriptiveKeywords", "MD_Keywords")
        for one in record.keywords:
            write.text(keywords, "keyword", one)
        write.code(keywords, "type", "MD_KeywordTypeCode", "theme")
    if record.status:
        keywords = _path(data, "descriptiveKeywords", "MD_Keywords")
        write.text(keywords, "keyword", record.status)
        write.code(keywords, "type", "MD_KeywordTypeCode", "theme")
        thesaurus = _path(keywords, "thesaurusName", "CI_Citation")
        write.text(thesaurus, "title", STATUS_THESAURUS)
        SubElement(thesaurus, _name("gmd:date"), {_name("gco:nilReason"): "inapplicable"})


def _constraints(data: Element, write: _Writer, record: Record) -> None:
    if record.licence is not None:
        legal = _path(data, "resourceConstraints", "MD_LegalConstraints")
        write.code(legal, "useConstraints", "MD_RestrictionCode", "license")
        write.code(legal, "useConstraints", "MD_RestrictionCode", "otherRestrictions")
        licence = record.licence
        holder = SubElement(legal, _name("gmd:otherConstraints"))
        anchor = SubElement(holder, _name("gmx:Anchor"), {_name("xlink:title"): _plain(licence.id)})
        anchor.text = _plain(licence.title)
        if licence.url:
            anchor.set(_name("xlink:href"), licence.url)
    if record.access is not None:
        security = _path(data, "resourceConstraints", "MD_SecurityConstraints")
        level = ACCESSES[record.access][0]
        write.code(security, "classification", "MD_ClassificationCode", level)


def _extent(data: Element, record: Record) -> None:
    if record.bbox is None and record.time_start is None and record.time_end is None:
        return
    extent = _path(data, "extent", "EX_Extent")
    if record.bbox is not None:
        west, south, east, north = record.bbox
        box = _path(extent, "geographicElement", "EX_GeographicBoundingBox")
        sides = {
            "westBoundLongitude": west, "eastBoundLongitude": east,
            "southBoundLatitude": south, "northBoundLatitude": north,
        }  # fmt: skip
        for side, degrees in sides.items():
            SubElement(_path(box, side), _name("gco:Decimal")).text = _number(degrees)
    if record.time_start is not None or record.time_end is not None:
        time = _path(extent, "temporalElement", "EX_TemporalExtent", "extent")
        period = SubElement(time, _name("gml:TimePeriod"), {_name("gml:id"): "time"})
        ends = (("beginPosition", record.time_start), ("endPosition", record.time_end))
        for name, moment in ends:
            end = SubElement(period, _name(f"gml:{name}"))
            if moment is None:
                end.set("indeterminatePosition", "unknown")
            else:
                end.text = _instant(moment)


def _representation(root: Element, write: _Writer, record: Record) -> None:
    if record.representation != "vector" or record.geometry is None:
        return
    shape = _path(root, "spatialRepresentationInfo", "MD_VectorSpatialRepresentation")
    objects = _path(shape, "geometricObjects", "MD_GeometricObjects")
    kind = OBJECTS[record.geometry]
    write.code(objects, "geometricObjectType", "MD_GeometricObjectTypeCode", kind)
    if record.row_count:
        count = _path(objects, "geometricObjectCount")
        SubElement(count, _name("gco:Integer")).text = str(record.row_count)


def _content(root: Element, write: _Writer, record: Record) -> None:
    if record.schema_url and record.representation == "vector":
        catalogue = _path(root, "contentInfo", "MD_FeatureCatalogueDescription")
        included = _path(catalogue, "includedWithDataset")
        SubElement(included, _name("gco:Boolean")).text = "false"
        types = _path(catalogue, "featureTypes")
        SubElement(types, _name("gco:LocalName")).text = record.id
        citation = _path(catalogue, "featureCatalogueCitation", "CI_Citation")
        write.text(citation, "title", "JSON Schema", record.schema_url)
        SubElement(citation, _name("gmd:date"), {_name("gco:nilReason"): "unknown"})
    if not record.fields:
        return
    cover = _path(root, "contentInfo", "MD_CoverageDescription")
    SubElement(cover, _name("gmd:attributeDescription"), {_name("gco:nilReason"): "inapplicable"})
    kind = "physicalMeasurement" if record.representation == "grid" else "thematicClassification"
    write.code(cover, "contentType", "MD_CoverageContentTypeCode", kind)
    for field in record.fields:
        _dimension(cover, write, field)


def _dimension(cover: Element, write: _Writer, field: Attribute) -> None:
    """Only a band has bounds and a unit; any other attribute is a plain dimension."""
    measured = field.unit or field.minimum is not None or field.maximum is not None
    one = _path(cover, "dimension", "MD_Band" if measured else "MD_RangeDimension")
    member = SubElement(_path(one, "sequenceIdentifier"), _name("gco:MemberName"))
    SubElement(
        SubElement(member, _name("gco:aName")), _name("gco:CharacterString")
    ).text = field.name
    type_ = SubElement(SubElement(member, _name("gco:attributeType")), _name("gco:TypeName"))
    SubElement(
        SubElement(type_, _name("gco:aName")), _name("gco:CharacterString")
    ).text = field.type
    write.words(one, "descriptor", field.title)
    for name, bound in (("maxValue", field.maximum), ("minValue", field.minimum)):
        if bound is not None:
            SubElement(_path(one, name), _name("gco:Real")).text = _number(bound)
    if field.unit:
        SubElement(one, _name("gmd:units"), {_name("xlink:href"): UCUM_URI + field.unit})


def _distribution(root: Element, write: _Writer, found: Iterable[Distribution]) -> None:
    found = tuple(found)
    if not found:
        return
    distribution = _path(root, "distributionInfo", "MD_Distribution")
    for media_type in dict.fromkeys(one.media_type for one in found if one.download):
        format_ = _path(distribution, "distributionFormat", "MD_Format")
        write.text(format_, "name", media_type)
        SubElement(format_, _name("gmd:version"), {_name("gco:nilReason"): "unknown"})
    options = _path(distribution, "transferOptions", "MD_DigitalTransferOptions")
    for one in found:
        online = _path(options, "onLine", "CI_OnlineResource")
        SubElement(_path(online, "linkage"), _name("gmd:URL")).text = one.url
        write.text(online, "protocol", one.media_type)
        write.text(online, "name", one.title)
        function = "download" if one.download else "information"
        write.code(online, "function", "CI_OnLineFunctionCode", function)


def _quality(root: Element, write: _Writer, record: Record) -> None:
    if not record.lineage:
        return
    quality = _path(root, "dataQualityInfo", "DQ_DataQuality")
    write.code(_path(quality, "scope", "DQ_Scope"), "level", "MD_ScopeCode", "dataset")
    write.words(_path(quality, "lineage", "LI_Lineage"), "statement", record.lineage)


def _path(parent: Element, *names: str) -> Element:
    """Return an element of gmd below another, made with those between."""
    for name in names:
        parent = SubElement(parent, _name(GMD + name))
    return parent


def _stamp(parent: Element, name: str, moment: dt.datetime) -> None:
    SubElement(_path(parent, name), _name("gco:DateTime")).text = _instant(moment)


def _instant(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _plain(text: str) -> str:
    """Return a text without what XML 1.0 cannot hold (section 2.2, Char)."""
    return _NO_CHAR.sub(" ", text)


def _number(value: float) -> str:
    return format(Decimal(repr(float(value))), "f").removesuffix(".0")


def _name(name: str) -> str:
    prefix, _, local = name.partition(":")
    return QName(NAMESPACES[prefix], local).text
