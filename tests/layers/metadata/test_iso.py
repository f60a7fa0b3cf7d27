"""What is written is in the order of the schema, and foreign readers understand it."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from lxml import etree
from owslib.iso import MD_Metadata

from layers.metadata.iso import NAMESPACES, iso_xml
from layers.metadata.record import Record, Words
from tests.fix_metadata import FULL, STAMP

# The sequences of the schema (ISO/TS 19139:2007, gmd/*.xsd), typed in.
ORDER = {
    "MD_Metadata": "fileIdentifier language characterSet parentIdentifier hierarchyLevel"
    " hierarchyLevelName contact dateStamp metadataStandardName metadataStandardVersion dataSetURI"
    " locale spatialRepresentationInfo referenceSystemInfo metadataExtensionInfo"
    " identificationInfo contentInfo distributionInfo dataQualityInfo",
    "MD_DataIdentification": "citation abstract purpose credit status pointOfContact"
    " resourceMaintenance graphicOverview resourceFormat descriptiveKeywords resourceSpecificUsage"
    " resourceConstraints aggregationInfo spatialRepresentationType spatialResolution language"
    " characterSet topicCategory environmentDescription extent supplementalInformation",
    "CI_Citation": "title alternateTitle date edition editionDate identifier"
    " citedResponsibleParty presentationForm",
    "CI_Date": "date dateType",
    "CI_ResponsibleParty": "individualName organisationName positionName contactInfo role",
    "CI_Contact": "phone address onlineResource hoursOfService contactInstructions",
    "CI_OnlineResource": "linkage protocol applicationProfile name description function",
    "MD_MaintenanceInformation": "maintenanceAndUpdateFrequency dateOfNextUpdate"
    " userDefinedMaintenanceFrequency updateScope",
    "MD_Keywords": "keyword type thesaurusName",
    "MD_LegalConstraints": "useLimitation accessConstraints useConstraints otherConstraints",
    "MD_SecurityConstraints": "useLimitation classification",
    "EX_Extent": "description geographicElement temporalElement verticalElement",
    "EX_GeographicBoundingBox": "extentTypeCode westBoundLongitude eastBoundLongitude"
    " southBoundLatitude northBoundLatitude",
    "MD_GeometricObjects": "geometricObjectType geometricObjectCount",
    "MD_FeatureCatalogueDescription": "complianceCode language includedWithDataset featureTypes"
    " featureCatalogueCitation",
    "MD_CoverageDescription": "attributeDescription contentType dimension",
    "MD_Band": "sequenceIdentifier descriptor maxValue minValue units",
    "MD_RangeDimension": "sequenceIdentifier descriptor",
    "MD_Distribution": "distributionFormat distributor transferOptions",
    "MD_Format": "name version",
    "DQ_DataQuality": "scope report lineage",
    "PT_Locale": "languageCode country characterEncoding",
}
REQUIRED = {
    "MD_Metadata": "contact dateStamp identificationInfo",
    "MD_DataIdentification": "citation abstract language",
    "CI_Citation": "title date",
    "CI_ResponsibleParty": "organisationName role",
    "MD_Format": "name version",
    "MD_CoverageDescription": "attributeDescription contentType",
    "MD_FeatureCatalogueDescription": "includedWithDataset featureCatalogueCitation",
}


def local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


@pytest.mark.parametrize("record", [FULL, replace(FULL, representation="grid", geometry=None),
                                    Record(id="bare", title=Words(en="Bare"),
                                           abstract=Words(en="Nothing else"))])  # fmt: skip
def test_elements_stand_in_the_order_of_the_schema(record: Record) -> None:
    root = ElementTree.fromstring(iso_xml(record, "en", STAMP))
    seen = set()
    for element in root.iter():
        name = local(element)
        if not name[:1].isupper() or name not in ORDER:
            continue
        seen.add(name)
        order = ORDER[name].split()
        children = [local(child) for child in element]
        assert set(children) <= set(order), name
        places = [order.index(child) for child in children]
        assert all(a <= b for a, b in pairwise(places)), name
        assert set(REQUIRED.get(name, "").split()) <= set(children), name
    assert record != FULL or seen == set(ORDER)


def test_only_the_namespaces_of_the_standard_are_used() -> None:
    root = ElementTree.fromstring(iso_xml(FULL, "be", STAMP))
    used = {element.tag.partition("}")[0][1:] for element in root.iter()}
    assert used <= set(NAMESPACES.values())


@pytest.mark.parametrize(("language", "title"), [("be", "Лаўкі"), ("ru", "Скамьи")])
def test_owslib_reads_it(language: Any, title: str) -> None:
    found = MD_Metadata(etree.fromstring(iso_xml(FULL, language, STAMP)))
    assert found.identifier == "benches"
    assert found.datestamp == "2026-11-01T10:00:00Z"
    assert found.referencesystem.code == FULL.crs[0]
    (data,) = found.identification
    assert data.title == title
    assert data.abstract == FULL.abstract.get(language)
    assert data.keywords[0].keywords[0].name == "benches"
    assert data.topiccategory == ["utilitiesCommunication"]
    assert [data.bbox.minx, data.bbox.miny, data.bbox.maxx, data.bbox.maxy] == [
        "30.1", "54.25", "30.5", "54.6",
    ]  # fmt: skip
    assert data.temporalextent_start == "2020-01-01T00:00:00Z"
    assert data.contact[0].organization == FULL.supplier.get(language)
    assert data.contact[0].email == "maps@orsha.example"
    assert "CC BY 4.0" in [*data.otherconstraints, *data.useconstraints, *data.uselimitation]
    assert data.resourcelanguagecode == [{"be": "bel", "ru": "rus"}[language]]
    urls = [one.url for one in found.distribution.online]
    assert urls == [one.url for one in FULL.distributions]
    assert found.dataquality.lineage == FULL.lineage.get(language)


def test_small_numbers_are_written_out() -> None:
    """xs:decimal knows no exponent."""
    tiny = replace(FULL, bbox=(1e-7, 51.0, 2e-7, 52.0))
    assert b"<gco:Decimal>0.0000001</gco:Decimal>" in iso_xml(tiny, "en", STAMP)


def test_what_xml_cannot_hold_is_left_out() -> None:
    """A comment of a foreign table may hold anything."""
    odd = replace(FULL, title=Words("a\x01b", "c\ufffe", "d\x1b[0m"), attribution="e\x0bf")
    root = ElementTree.fromstring(iso_xml(odd, "be", STAMP))
    assert "a b" in [element.text for element in root.iter()]


def test_what_is_not_said_leaves_no_empty_element() -> None:
    text = iso_xml(Record(id="bare", title=Words(en="Bare")), "en", dt.datetime.now(dt.UTC))
    for element in ElementTree.fromstring(text).iter():
        assert len(element) or (element.text or "").strip() or element.attrib, element.tag
