"""The words of the report in three languages, and how numbers and units are written."""

from __future__ import annotations

from datetime import date

from layers.model import Language, Text

NARROW_SPACE = "\u202f"


def _t(be: str, ru: str, en: str) -> Text:
    return Text(be=be, ru=ru, en=en)


WORDS = {
    "title": _t("Паказчыкі тэрыторыі", "Показатели территории", "Indicators of the area"),
    "demonstration": _t(
        "ДЭМАНСТРАЦЫЯ: зыходныя даныя згенераваныя, лічбы не пра сапраўдны горад",
        "ДЕМОНСТРАЦИЯ: исходные данные сгенерированы, цифры не о настоящем городе",
        "DEMONSTRATION: the data are generated, the figures are not about the real city",
    ),
    "summary": _t("Коратка", "Коротко", "In short"),
    "met": _t("дасягнута", "достигнуто", "met"),
    "missed": _t("не дасягнута", "не достигнуто", "missed"),
    "no_target": _t("мэты няма", "цели нет", "no target"),
    "not_computed": _t("не вылічана", "не вычислено", "not computed"),
    "indicator": _t("Паказчык", "Показатель", "Indicator"),
    "value": _t("Значэнне", "Значение", "Value"),
    "target": _t("Мэта", "Цель", "Target"),
    "outcome": _t("Вынік", "Итог", "Outcome"),
    "deficit": _t("Без паслугі, чал.", "Без услуги, чел.", "People without"),
    "children": _t("Дзеці", "Дети", "Children"),
    "elderly": _t("Пажылыя", "Пожилые", "Elderly"),
    "near": _t("Каля мяжы", "У границы", "Near the limit"),
    "change": _t("Змена", "Изменение", "Change"),
    "date": _t("Дата даных", "Дата данных", "Data date"),
    "method": _t("Метад", "Метод", "Method"),
    "annex": _t("Дадатак: усе паказчыкі", "Приложение: все показатели", "Annex: all indicators"),
    "maps": _t("Карты", "Карты", "Maps"),
    "worst": _t("Дзе горш за ўсё", "Где хуже всего", "Where it is worst"),
    "address": _t("Будынак", "Здание", "Building"),
    "residents": _t("Жыхароў", "Жителей", "Residents"),
    "absent": _t("Што не вылічана і чаму", "Что не вычислено и почему", "Not computed, and why"),
    "reason": _t("Прычына", "Причина", "Reason"),
    "sources": _t("Мэты і іх крыніцы", "Цели и их источники", "Targets and their sources"),
    "source": _t("Крыніца", "Источник", "Source"),
    "formula": _t("Формула", "Формула", "Formula"),
    "run": _t("Разлік", "Расчёт", "Run"),
    "inputs": _t("Зыходныя слаі", "Исходные слои", "Input layers"),
    "first": _t("Найбольшы дэфіцыт", "Наибольший дефицит", "Most people without"),
    "page": _t("старонка", "страница", "page"),
    "nothing": _t("няма", "нет", "none"),
    "no_way": _t("няма шляху", "нет пути", "no way"),
}

STATUSES = {
    "verified": _t("праверана", "проверено", "verified"),
    "partly_verified": _t("праверана часткова", "проверено частично", "partly verified"),
    "recalled": _t("па памяці", "по памяти", "recalled"),
    "chosen": _t("абрана намі", "выбрано нами", "chosen by us"),
}

GROUPS = {
    "ict": _t("Сувязь", "Связь", "ICT"),
    "metering": _t("Улік рэсурсаў", "Учёт ресурсов", "Metering"),
    "lighting": _t("Асвятленне", "Освещение", "Lighting"),
    "air": _t("Паветра", "Воздух", "Air"),
    "environment": _t("Асяроддзе", "Окружающая среда", "Environment"),
    "green": _t("Зелень", "Озеленение", "Green"),
    "transport": _t("Транспарт", "Транспорт", "Transport"),
    "education": _t("Адукацыя", "Образование", "Education"),
    "health": _t("Ахова здароўя", "Здравоохранение", "Health"),
    "services": _t("Паслугі", "Услуги", "Services"),
    "safety": _t("Бяспека", "Безопасность", "Safety"),
    "planning": _t("Планіроўка", "Планировка", "Planning"),
    "governance": _t("Кіраванне", "Управление", "Governance"),
    "economy": _t("Эканоміка", "Экономика", "Economy"),
}

UNITS = {
    "%": _t("%", "%", "%"),
    "/(100.{person})": _t("на 100 жыхароў", "на 100 жителей", "per 100 residents"),
    "/(100.{child})": _t("на 100 дзяцей", "на 100 детей", "per 100 children"),
    "/(10000.{person})": _t("на 10 000 жыхароў", "на 10 000 жителей", "per 10,000 residents"),
    "/(100000.{person})": _t("на 100 000 жыхароў", "на 100 000 жителей", "per 100,000 residents"),
    "km/(100000.{person})": _t(
        "км на 100 000 жыхароў", "км на 100 000 жителей", "km per 100,000 residents"
    ),
    "/(1000.{lamp})": _t("на 1000 свяцільнікаў", "на 1000 светильников", "per 1,000 lights"),
    "h": _t("г", "ч", "h"),
    "d": _t("сут.", "сут.", "days"),
    "d/{station}": _t("сут. на станцыю", "сут. на станцию", "days per station"),
    "kW.h/km": _t("кВт·г/км", "кВт·ч/км", "kWh/km"),
    "kW.h/{person}": _t("кВт·г на жыхара", "кВт·ч на жителя", "kWh per resident"),
    "MW.h": _t("МВт·г", "МВт·ч", "MWh"),
    "ug/m3": _t("мкг/м³", "мкг/м³", "µg/m³"),
    "uSv/h": _t("мкЗв/г", "мкЗв/ч", "µSv/h"),
    "{person}": _t("чал.", "чел.", "people"),
    "{person}/har": _t("чал./га", "чел./га", "people/ha"),
    "m2": _t("м²", "м²", "m²"),
    "m2/{person}": _t("м² на жыхара", "м² на жителя", "m² per resident"),
    "m2/har": _t("м²/га", "м²/га", "m²/ha"),
    "m": _t("м", "м", "m"),
    "dBm": _t("дБм", "дБм", "dBm"),
    "{space}/{dwelling}": _t("на кватэру", "на квартиру", "per dwelling"),
}


def number(figure: float, language: Language) -> str:
    """Return a number of at most four significant digits: 12 345,6 in be and ru, 12,345.6 in en."""
    size = abs(figure)
    digits = 0 if size >= 1_000 else 1 if size >= 10 else 2 if size >= 1 else 3
    plain = f"{figure:,.{digits}f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    if plain == "-0":
        plain = "0"
    if language == "en":
        return plain
    return plain.replace(",", NARROW_SPACE).replace(".", ",")


def quantity(figure: float | None, unit: str, language: Language) -> str:
    """Return a number with its unit (UCUM); a dash when there is none."""
    if figure is None:
        return "–"
    plain = number(figure, language)
    return plain if unit == "1" else f"{plain}\u00a0{UNITS[unit].get(language)}"


def day(value: date | None) -> str:
    """Return a date as 2026-11-28; a dash when there is none."""
    return "–" if value is None else value.isoformat()
