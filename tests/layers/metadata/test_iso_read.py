"""What was written is read back; foreign ISO metadata are understood; nothing bad gets in."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from layers.errors import CorruptSource
from layers.metadata.iso import iso_xml
from layers.metadata.iso_read import parse_xml, read_iso
from layers.metadata.record import Record, Words
from layers.model import LANGUAGES, Language, Licence
from tests.fix_metadata import FULL, STAMP, of_iso, records

# As a national geoportal of the INSPIRE kind writes it: codes without text, a link as licence.
INSPIRE = """<?xml version="1.0" encoding="UTF-8"?>
<csw:GetRecordByIdResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2">
<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"
  xmlns:gco="http://www.isotc211.org/2005/gco" xmlns:gmx="http://www.isotc211.org/2005/gmx"
  xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink">
  <!-- a comment -->
  <gmd:fileIdentifier><gco:CharacterString>0f3a</gco:CharacterString></gmd:fileIdentifier>
  <gmd:language><gmd:LanguageCode codeList="x" codeListValue="rus"/></gmd:language>
  <gmd:contact><gmd:CI_ResponsibleParty>
    <gmd:organisationName><gco:CharacterString>Каталог</gco:CharacterString></gmd:organisationName>
    <gmd:role><gmd:CI_RoleCode codeList="x" codeListValue="pointOfContact"/></gmd:role>
  </gmd:CI_ResponsibleParty></gmd:contact>
  <gmd:referenceSystemInfo><gmd:MD_ReferenceSystem><gmd:referenceSystemIdentifier>
    <gmd:RS_Identifier>
      <gmd:code><gco:CharacterString>28406</gco:CharacterString></gmd:code>
      <gmd:codeSpace><gco:CharacterString>EPSG</gco:CharacterString></gmd:codeSpace>
    </gmd:RS_Identifier></gmd:referenceSystemIdentifier></gmd:MD_ReferenceSystem>
  </gmd:referenceSystemInfo>
  <gmd:identificationInfo><gmd:MD_DataIdentification>
    <gmd:citation><gmd:CI_Citation>
      <gmd:title><gco:CharacterString>Зелёные   насаждения
        Орши</gco:CharacterString></gmd:title>
      <gmd:date><gmd:CI_Date><gmd:date><gco:Date>2024-03</gco:Date></gmd:date>
        <gmd:dateType><gmd:CI_DateTypeCode codeList="x" codeListValue="publication"/></gmd:dateType>
      </gmd:CI_Date></gmd:date>
    </gmd:CI_Citation></gmd:citation>
    <gmd:abstract><gco:CharacterString>Парки и скверы.</gco:CharacterString></gmd:abstract>
    <gmd:pointOfContact><gmd:CI_ResponsibleParty>
      <gmd:organisationName><gco:CharacterString>Издатель</gco:CharacterString></gmd:organisationName>
      <gmd:role><gmd:CI_RoleCode codeList="x" codeListValue="publisher"/></gmd:role>
    </gmd:CI_ResponsibleParty></gmd:pointOfContact>
    <gmd:pointOfContact><gmd:CI_ResponsibleParty>
      <gmd:organisationName><gco:CharacterString>Горкомхоз</gco:CharacterString></gmd:organisationName>
      <gmd:contactInfo><gmd:CI_Contact><gmd:address><gmd:CI_Address>
        <gmd:electronicMailAddress><gco:CharacterString>a@b.example</gco:CharacterString>
        </gmd:electronicMailAddress></gmd:CI_Address></gmd:address></gmd:CI_Contact>
      </gmd:contactInfo>
      <gmd:role><gmd:CI_RoleCode codeList="x" codeListValue="owner"/></gmd:role>
    </gmd:CI_ResponsibleParty></gmd:pointOfContact>
    <gmd:resourceMaintenance><gmd:MD_MaintenanceInformation><gmd:maintenanceAndUpdateFrequency>
      <gmd:MD_MaintenanceFrequencyCode codeList="x" codeListValue="annually"/>
    </gmd:maintenanceAndUpdateFrequency></gmd:MD_MaintenanceInformation></gmd:resourceMaintenance>
    <gmd:descriptiveKeywords><gmd:MD_Keywords>
      <gmd:keyword><gco:CharacterString>парк</gco:CharacterString></gmd:keyword>
      <gmd:keyword><gco:CharacterString>сквер</gco:CharacterString></gmd:keyword>
    </gmd:MD_Keywords></gmd:descriptiveKeywords>
    <gmd:resourceConstraints><gmd:MD_LegalConstraints>
      <gmd:accessConstraints>
        <gmd:MD_RestrictionCode codeList="x" codeListValue="otherRestrictions"/>
      </gmd:accessConstraints>
      <gmd:otherConstraints><gmx:Anchor xlink:href="https://x.example/none">no limitations
      </gmx:Anchor></gmd:otherConstraints>
    </gmd:MD_LegalConstraints></gmd:resourceConstraints>
    <gmd:resourceConstraints><gmd:MD_LegalConstraints>
      <gmd:useConstraints>
        <gmd:MD_RestrictionCode codeList="x" codeListValue="otherRestrictions"/>
      </gmd:useConstraints>
      <gmd:otherConstraints><gmx:Anchor xlink:href="https://l.example/by">Licence CC-BY-4.0
      </gmx:Anchor></gmd:otherConstraints>
    </gmd:MD_LegalConstraints></gmd:resourceConstraints>
    <gmd:topicCategory><gmd:MD_TopicCategoryCode>environment</gmd:MD_TopicCategoryCode>
    </gmd:topicCategory>
    <gmd:extent><gmd:EX_Extent><gmd:geographicElement><gmd:EX_GeographicBoundingBox>
      <gmd:westBoundLongitude><gco:Decimal>30.3</gco:Decimal></gmd:westBoundLongitude>
      <gmd:eastBoundLongitude><gco:Decimal>30.5</gco:Decimal></gmd:eastBoundLongitude>
      <gmd:southBoundLatitude><gco:Decimal>54.4</gco:Decimal></gmd:southBoundLatitude>
      <gmd:northBoundLatitude><gco:Decimal>54.6</gco:Decimal></gmd:northBoundLatitude>
    </gmd:EX_GeographicBoundingBox></gmd:geographicElement>
    <gmd:temporalElement><gmd:EX_TemporalExtent><gmd:extent>
      <gml:TimePeriod><gml:begin><gml:TimeInstant><gml:timePosition>2020</gml:timePosition>
      </gml:TimeInstant></gml:begin></gml:TimePeriod>
    </gmd:extent></gmd:EX_TemporalExtent></gmd:temporalElement></gmd:EX_Extent></gmd:extent>
  </gmd:MD_DataIdentification></gmd:identificationInfo>
  <gmd:dataQualityInfo><gmd:DQ_DataQuality><gmd:lineage><gmd:LI_Lineage>
    <gmd:statement><gco:CharacterString>Инвентаризация.</gco:CharacterString></gmd:statement>
  </gmd:LI_Lineage></gmd:lineage></gmd:DQ_DataQuality></gmd:dataQualityInfo>
</gmd:MD_Metadata></csw:GetRecordByIdResponse>
"""

# ISO 19115-3: other namespaces, some other places.
PART_3 = """<mdb:MD_Metadata xmlns:mdb="http://standards.iso.org/iso/19115/-3/mdb/2.0"
  xmlns:mcc="http://standards.iso.org/iso/19115/-3/mcc/1.0"
  xmlns:mri="http://standards.iso.org/iso/19115/-3/mri/1.0"
  xmlns:cit="http://standards.iso.org/iso/19115/-3/cit/2.0"
  xmlns:mco="http://standards.iso.org/iso/19115/-3/mco/1.0"
  xmlns:mrl="http://standards.iso.org/iso/19115/-3/mrl/2.0"
  xmlns:mmi="http://standards.iso.org/iso/19115/-3/mmi/1.0"
  xmlns:lan="http://standards.iso.org/iso/19115/-3/lan/1.0"
  xmlns:gco="http://standards.iso.org/iso/19115/-3/gco/1.0">
  <mdb:metadataIdentifier><mcc:MD_Identifier><mcc:code>
    <gco:CharacterString>77</gco:CharacterString></mcc:code></mcc:MD_Identifier>
  </mdb:metadataIdentifier>
  <mdb:defaultLocale><lan:PT_Locale><lan:language>
    <lan:LanguageCode codeList="x" codeListValue="eng"/></lan:language></lan:PT_Locale>
  </mdb:defaultLocale>
  <mdb:contact><cit:CI_Responsibility>
    <cit:role><cit:CI_RoleCode codeList="x" codeListValue="pointOfContact"/></cit:role>
    <cit:party><cit:CI_Organisation><cit:name>
      <gco:CharacterString>City of Orsha</gco:CharacterString></cit:name></cit:CI_Organisation>
    </cit:party></cit:CI_Responsibility></mdb:contact>
  <mdb:otherLocale><lan:PT_Locale id="RU"><lan:language>
    <lan:LanguageCode codeList="x" codeListValue="rus"/></lan:language></lan:PT_Locale>
  </mdb:otherLocale>
  <mdb:identificationInfo><mri:MD_DataIdentification>
    <mri:citation><cit:CI_Citation>
      <cit:title><gco:CharacterString>Trees</gco:CharacterString>
        <lan:PT_FreeText><lan:textGroup>
          <lan:LocalisedCharacterString locale="#RU">Деревья</lan:LocalisedCharacterString>
        </lan:textGroup></lan:PT_FreeText></cit:title>
      <cit:date><cit:CI_Date><cit:date><gco:DateTime>2024-02-03T04:05:06+03:00</gco:DateTime>
        </cit:date><cit:dateType><cit:CI_DateTypeCode codeList="x" codeListValue="revision"/>
        </cit:dateType></cit:CI_Date></cit:date>
    </cit:CI_Citation></mri:citation>
    <mri:abstract><gco:CharacterString>All trees.</gco:CharacterString></mri:abstract>
    <mri:resourceMaintenance><mmi:MD_MaintenanceInformation><mmi:maintenanceAndUpdateFrequency>
      <mmi:MD_MaintenanceFrequencyCode codeList="x" codeListValue="monthly"/>
    </mmi:maintenanceAndUpdateFrequency></mmi:MD_MaintenanceInformation></mri:resourceMaintenance>
    <mri:resourceConstraints><mco:MD_LegalConstraints>
      <mco:useLimitation><gco:CharacterString>CC0-1.0</gco:CharacterString></mco:useLimitation>
    </mco:MD_LegalConstraints></mri:resourceConstraints>
  </mri:MD_DataIdentification></mdb:identificationInfo>
  <mdb:resourceLineage><mrl:LI_Lineage><mrl:statement>
    <gco:CharacterString>Counted.</gco:CharacterString></mrl:statement></mrl:LI_Lineage>
  </mdb:resourceLineage>
</mdb:MD_Metadata>
"""


def read(text: str | bytes) -> Record:
    data = text if isinstance(text, bytes) else text.encode()
    return read_iso(parse_xml(data, "a.xml"), "a.xml")


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_read_back(language: Language) -> None:
    assert read(iso_xml(FULL, language, STAMP)) == of_iso(FULL)


@settings(max_examples=20, deadline=None)
@given(record=records())
def test_any_record_is_read_back(record: Record) -> None:
    for language in LANGUAGES:
        found = read(iso_xml(record, language, STAMP))
        assert found == of_iso(record)


def test_foreign_metadata_are_understood() -> None:
    found = read(INSPIRE)
    assert found.id == "0f3a"
    assert found.title == Words(ru="Зелёные насаждения Орши")
    assert found.abstract == Words(ru="Парки и скверы.")
    assert found.keywords == ("парк", "сквер")
    assert (found.supplier, found.email) == (Words(ru="Горкомхоз"), "a@b.example")
    assert found.publisher == Words(ru="Каталог")
    assert found.licence == Licence(
        id="CC-BY-4.0", title="Licence CC-BY-4.0", url="https://l.example/by"
    )
    assert found.update_period == "P1Y"
    assert found.crs == ("EPSG:28406",)
    assert found.bbox == (30.3, 54.4, 30.5, 54.6)
    assert str(found.issued) == "2024-03-01 00:00:00+00:00"
    assert str(found.time_start) == "2020-01-01 00:00:00+00:00"
    assert found.lineage == Words(ru="Инвентаризация.")
    assert found.access is None


def test_the_third_part_of_the_standard_is_understood() -> None:
    found = read(PART_3)
    assert found.id == "77"
    assert found.title == Words(en="Trees", ru="Деревья")
    assert found.supplier == Words(en="City of Orsha")
    assert found.update_period == "P1M"
    assert found.licence == Licence(id="CC0-1.0", title="CC0-1.0")
    assert found.lineage == Words(en="Counted.")
    assert str(found.modified) == "2024-02-03 01:05:06+00:00"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not valid XML"),
        ("<a>", "not valid XML"),
        ("not xml", "not valid XML"),
        ("<a/>", "no ISO 19115/19139 metadata (its root is a)"),
        ("\0\0\0", "not valid XML"),
        ("<a>" * 100_000, "not valid XML"),
    ],
)
def test_what_is_no_metadata_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(CorruptSource) as caught:
        read(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_entities_are_never_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    bomb = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 20}">' for n in range(1, 12))
    for doctype in (
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
        f'<!DOCTYPE a [<!ENTITY b0 "b">{bomb}]>',
    ):
        body = "&x;" if "ENTITY x" in doctype else "&b11;" if "b11" in doctype else ""
        with pytest.raises(CorruptSource) as caught:
            read(f"{doctype}<a>{body}</a>")
        assert "secret" not in str(caught.value).replace(str(tmp_path), "")


def test_numbers_and_dates_that_are_none_are_left_out() -> None:
    spoilt = INSPIRE.replace("30.3<", "west<").replace("2024-03<", "spring<")
    spoilt = spoilt.replace('codeListValue="annually"', 'codeListValue="sometimes"')
    found = read(spoilt)
    assert (found.bbox, found.issued, found.update_period) == (None, None, None)
