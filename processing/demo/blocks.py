"""The blocks of the quarter: one function draws one kind of block in its own coordinates (m).

A pen's block is about 210 x 210 m between red lines. South of it is a main street (its sidewalk
8 m away) or, in the core, an inner street (axis 10 m away); east and north of it inner streets.
"""

from __future__ import annotations

from processing.demo.sketch import Pen

NURSERY_PLACES = 370
"""Two of them have a place for 72 of 100 children of 0 to 6: those under one stay at home, and many
under three. An assumption of ours; so many children need more than the 35 to 50 places per 1,000
inhabitants of data/seed/provision_norms.csv."""
SCHOOL_PLACES = 1500
"""A place for 89 of 100 children of 7 to 17, nearly one shift: those who leave after the ninth form
learn elsewhere. An assumption of ours; it is the 110 places per 1,000 inhabitants of the same."""


def _exits(pen: Pen, *, across: float, along: float) -> None:
    """Join the yard to the streets: by car to the north and east, on foot to the south and west."""
    w, h = pen.width, pen.depth
    pen.way("service", (across, h - 30), (across, h + pen.north_m))
    pen.way("service", (w - 28, along), (w + pen.east_m, along))
    pen.way("footway", (across, 30), (across, -pen.south_m))
    pen.way("footway", (28, 154), (-pen.west_m, 154))


def _ring(pen: Pen) -> None:
    w, h = pen.width, pen.depth
    pen.way("service", (28, 30), (w - 28, 30), (w - 28, h - 30), (28, h - 30), (28, 30))


def _perimeter(pen: Pen, role: str, length: float) -> None:
    """Six slabs round a yard."""
    w, h = pen.width, pen.depth
    for y in (14.0, h - 12):
        pen.box(role, (9 + length / 2, y, length, 12))
        pen.box(role, (w - 9 - length / 2, y, length, 12))
    pen.box(role, (14, h / 2, 12, 72))
    pen.box(role, (w - 12, h / 2, 12, 66))


def courtyard(pen: Pen) -> None:
    """Draw five-storey slabs round a yard with playgrounds, a shop and garages."""
    pen.land("Ж2", "residential")
    w, h = pen.width, pen.depth
    mid = w / 2
    _perimeter(pen, "slab5", 80)
    pen.box("slab5", (mid - 36, 132, 60, 12))
    pen.box("slab5", (mid + 36, 132, 60, 12))
    pen.box("substation", (42, 92, 7, 6))
    pen.box("heat_point", (w - 44, 92, 12, 9))
    pen.box("garages", (mid - 40, h - 45, 48, 6))
    pen.box("garages", (mid + 40, h - 45, 48, 6))
    pen.box("kiosk", (mid + 8, 10, 5, 4))
    shop = pen.box("shop", (mid + 42, 48, 30, 16))
    pen.room("shop", shop, "Продукты", capacity=60)
    _ring(pen)
    _exits(pen, across=mid, along=154)
    pen.way("footway", (28, 116), (mid, 116), (w - 28, 116))
    pen.way("footway", (mid, 30), (mid, 116), (mid, h - 30))
    pen.green("playground", (mid - 34, 88, 36, 26), "Детская площадка")
    pen.green("playground", (mid + 34, 88, 36, 26), "Спортивная площадка")
    pen.spot("playground", (mid - 34, 88), "Детская площадка", capacity=40)


def rows(pen: Pen) -> None:
    """Draw parallel five-storey slabs with drives and lawns between them by turns."""
    pen.land("Ж2", "residential")
    w, h = pen.width, pen.depth
    spine = 118.0
    for i, y in enumerate((14.0, 60.0, 106.0, 152.0, h - 12)):
        pen.box("slab5", (10 + 45, y, 90 if i % 2 else 84, 12))
        pen.box("slab5", (w - 10 - 34, y, 68 if i % 2 else 62, 12))
    pen.box("substation", (20, 83, 7, 6))
    pen.box("garages", (60, 173, 54, 6))
    pen.box("garages", (w - 46, 173, 48, 6))
    shop = pen.box("shop", (w - 46, 83, 36, 14))
    pen.room("shop", shop, "Универсам", capacity=120)
    for y in (37.0, 129.0, 181.0):
        pen.way("service", (14, y), (spine, y), (w - 14, y))
    pen.way("service", (spine, 37), (spine, 83), (spine, 129), (spine, h + pen.north_m))
    pen.way("service", (w - 14, 129), (w + pen.east_m, 129))
    pen.way("footway", (spine, 37), (spine, -pen.south_m))
    pen.way("footway", (14, 129), (-pen.west_m, 129))
    pen.way("footway", (30, 83), (spine, 83), (w - 70, 83))
    pen.green("playground", (58, 94, 34, 9), "Детская площадка")
    pen.green("playground", (72, 73, 30, 10), "Площадка для отдыха")
    pen.spot("playground", (58, 94), "Детская площадка", capacity=35)


def towers(pen: Pen) -> None:
    """Draw towers and nine-storey slabs with a shop on the main street."""
    pen.land("Ж1", "residential")
    w, h = pen.width, pen.depth
    for x in (30.0, w / 2 - 20, w / 2 + 36):
        pen.box("tower", (x, 62, 22, 24))
        pen.box("tower", (x + 8, 114, 22, 24))
    pen.box("slab9", (50, h - 14, 84, 13))
    pen.box("slab9", (w - 50, h - 14, 84, 13))
    pen.box("slab9", (w - 13, 120, 13, 78))
    shop = pen.box("market", (w - 46, 24, 62, 26))
    pen.room("shop", shop, "Супермаркет", capacity=250)
    pen.box("substation", (16, 20, 7, 6))
    pen.box("heat_point", (44, 20, 12, 9))
    pen.box("garages", (66, h - 43, 54, 6))
    pen.box("kiosk", (w / 2 - 12, 10, 5, 4))
    pen.box("annex", (68, 20, 14, 9))
    pen.box("garages", (w - 74, h - 43, 42, 6))
    pen.way("service", (14, 88), (w - 30, 88), (w - 30, h - 30), (14, h - 30), (14, 88))
    pen.way("service", (w - 30, 88), (w - 30, 60), (w + pen.east_m, 60))
    pen.way("service", (w / 2, h - 30), (w / 2, h + pen.north_m))
    pen.way(
        "footway", (w / 2 + 6, 88), (w / 2 + 6, 40), (w / 2 - 20, 40), (w / 2 - 20, -pen.south_m)
    )
    pen.way("footway", (w / 2 - 20, 40), (14, 40), (14, 88), (-pen.west_m, 88))
    pen.way("footway", (w / 2 + 6, h - 30), (w / 2 + 6, 88))
    pen.green("playground", (w / 2 - 34, 146, 46, 22), "Детская площадка")
    pen.green("playground", (w / 2 + 30, 146, 38, 22), "Спортивная площадка")
    pen.spot("playground", (w / 2 - 34, 146), "Детская площадка", capacity=50)


def nursery(pen: Pen) -> None:
    """Draw nine-storey slabs round a kindergarten with its own garden."""
    pen.land("Ж1", "residential")
    w, h = pen.width, pen.depth
    mid = w / 2
    _perimeter(pen, "slab9", 80)
    x, y = mid, 100.0
    outline = (
        (-26, -12), (26, -12), (26, 10), (10, 10), (10, 26), (-10, 26), (-10, 10), (-26, 10),
    )  # fmt: skip
    garden = pen.outline("kindergarten", [(x + dx, y + dy) for dx, dy in outline])
    pen.room("kindergarten", garden, "Ясли-сад № {n}", capacity=NURSERY_PLACES)
    pen.box("annex", (mid - 38, 120, 12, 8))
    pen.box("substation", (42, 48, 7, 6))
    pen.box("heat_point", (w - 46, 48, 12, 9))
    pen.box("garages", (mid - 40, h - 45, 44, 6))
    pen.box("garages", (mid + 40, h - 45, 44, 6))
    _ring(pen)
    _exits(pen, across=mid, along=h / 2 + 48)
    pen.way("footway", (mid, 30), (mid, 86))
    pen.way("footway", (28, 78), (mid, 78), (w - 28, 78))
    pen.way("footway", (28, 140), (mid, 140), (w - 28, 140))
    pen.way("footway", (mid, 140), (mid, h - 30))
    pen.green("playground", (mid + 42, 104, 28, 40), "Площадки ясли-сада", public=False)
    pen.green("playground", (mid - 40, 60, 30, 22), "Детская площадка")
    pen.spot("playground", (mid - 40, 60), "Детская площадка", capacity=40)


def clinic(pen: Pen) -> None:
    """Draw the clinic on the main street with a pharmacy, and slabs behind it."""
    pen.land("О2", "public")
    w, h = pen.width, pen.depth
    mid = w / 2
    outline = ((0, 0), (76, 0), (76, 16), (54, 16), (54, 40), (38, 40), (38, 16), (0, 16))
    house = pen.outline("clinic", [(mid - 38 + dx, 16 + dy) for dx, dy in outline])
    pen.room("clinic", house, "Городская поликлиника № {n}", capacity=600)
    pharmacy = pen.box("shop", (30, 24, 24, 16))
    pen.room("pharmacy", pharmacy, "Аптека № {n}1", capacity=20)
    pen.box("annex", (w - 28, 40, 18, 10))
    pen.box("kiosk", (w - 46, 10, 5, 4))
    pen.box("substation", (w - 20, 16, 7, 6))
    pen.box("heat_point", (w - 16, 84, 12, 8))
    for y in (98.0, 142.0):
        pen.box("slab5", (52, y, 78, 12))
        pen.box("slab5", (w - 52, y, 78, 12))
    pen.box("slab9", (52, h - 14, 84, 13))
    pen.box("slab9", (w - 52, h - 14, 84, 13))
    pen.box("garages", (mid - 54, 172, 54, 6))
    pen.box("garages", (mid + 50, 172, 48, 6))
    pen.way("service", (14, 74), (mid, 74), (w + pen.east_m, 74))
    pen.way("service", (14, 120), (mid, 120), (w - 14, 120))
    pen.way("service", (mid, 74), (mid, 120), (mid, 160), (mid, h + pen.north_m))
    pen.way("service", (14, 160), (mid, 160), (w - 14, 160))
    pen.way("footway", (54, 74), (54, -pen.south_m))
    pen.way("footway", (14, 120), (-pen.west_m, 120))
    pen.green("square", (mid + 3, 65, 70, 8), "Сквер у поликлиники")
    pen.green("playground", (44, 129, 30, 10), "Детская площадка")
    pen.spot("playground", (44, 129), "Детская площадка", capacity=30)


def school(pen: Pen) -> None:
    """Draw the school with its stadium."""
    pen.land("О2", "public")
    w, h = pen.width, pen.depth
    outline = (
        (0, 0), (22, 0), (22, 24), (78, 24), (78, 0), (100, 0),
        (100, 72), (78, 72), (78, 46), (22, 46), (22, 72), (0, 72),
    )  # fmt: skip
    house = pen.outline("school", [(w / 2 - 50 + dx, h - 92 + dy) for dx, dy in outline])
    pen.room("school", house, "Средняя школа № {n}", capacity=SCHOOL_PLACES)
    pen.box("annex", (34, h - 40, 30, 14))
    pen.box("annex", (34, h - 62, 26, 9))
    pen.box("annex", (34, h - 84, 30, 8))
    pen.box("substation", (w - 24, h - 24, 7, 6))
    pen.way("service", (w / 2, h + pen.north_m), (w / 2, h - 14), (w - 48, h - 14), (w - 48, 112))
    pen.way("footway", (w / 2, h - 14), (54, h - 14), (54, 112), (w - 48, 112))
    pen.way("footway", (w - 48, 112), (w + pen.east_m, 112))
    pen.way("footway", (54, 112), (-pen.west_m, 112))
    pen.way("footway", (w / 2, 112), (w / 2, 134))
    pen.way("footway", (w - 30, 112), (w - 30, -pen.south_m))
    pen.green("playground", (w / 2 - 12, 56, 120, 74), "Школьный стадион")
    pen.green("playground", (w - 16, 72, 20, 34), "Гимнастическая площадка", public=False)
    pen.spot("sports", (w / 2 - 12, 56), "Школьный стадион", capacity=200)


def centre(pen: Pen) -> None:
    """Draw the civic centre round a square: market, culture, library, post office, bank."""
    pen.land("О1", "public")
    w, h = pen.width, pen.depth
    market = pen.box("market", (40, 44, 56, 48))
    pen.room("shop", market, "Универмаг", capacity=500)
    pen.box("culture", (w / 2, h - 34, 56, 38))
    library = pen.box("library", (28, h / 2 + 22, 28, 40))
    pen.room("library", library, "Библиотека № {n}", capacity=80)
    bank = pen.box("office", (w - 24, 47, 16, 62))
    pen.room("post_office", bank, "Отделение почтовой связи № {n}", capacity=40)
    pen.room("bank", bank, "Отделение банка", capacity=30)
    pen.box("office", (w - 24, h / 2 + 20, 16, 54))
    shop = pen.box("shop", (w / 2 + 22, 22, 40, 18))
    pen.room("pharmacy", shop, "Аптека № {n}2", capacity=30)
    cafe = pen.box("cafe", (w - 60, h - 26, 20, 14))
    pen.room("other", cafe, "Кафе", capacity=60)
    pen.box("slab9", (42, h - 16, 62, 13))
    pen.box("substation", (14, h - 44, 7, 6))
    pen.box("kiosk", (w / 2 - 20, 70, 5, 4))
    pen.box("heat_point", (w - 16, h - 16, 12, 9))
    pen.way("pedestrian", (-pen.west_m, 82), (w / 2, 82), (w - 44, 82), (w + pen.east_m, 82))
    pen.way("pedestrian", (w / 2 - 8, -pen.south_m), (w / 2 - 8, 82))
    pen.way("pedestrian", (w / 2 - 8, 82), (w / 2 - 8, h - 62), (w - 44, h - 62), (w - 44, 82))
    pen.way("service", (w - 44, h - 62), (w - 44, h - 40), (w - 40, h + pen.north_m))
    pen.way("footway", (w / 2 - 8, h - 62), (54, h - 62), (54, h - 32), (14, h - 32), (-10, h - 32))
    pen.way("footway", (54, h - 62), (54, 82))
    pen.green("square", (w / 2 + 27, h / 2 + 10, 56, 62), "Центральный сквер")
    pen.green("square", (w / 2 - 31, h / 2 + 10, 34, 62), "Цветник")


def park(pen: Pen) -> None:
    """Draw the park: crossing paths and a ring, a cafe and a playground."""
    pen.land("Р1", "green")
    w, h = pen.width, pen.depth
    mid_x, mid_y = w / 2, h / 2
    cafe = pen.box("cafe", (mid_x + 40, mid_y, 18, 14))
    pen.room("other", cafe, "Летнее кафе", capacity=40)
    pen.box("annex", (mid_x, 24, 12, 9))
    pen.box("kiosk", (mid_x - 8, mid_y + 76, 5, 4))
    for x, y in ((-10.0, -10.0), (w + 10, -10.0), (w + 10, h + 10), (-10.0, h + 10)):
        near = (mid_x + (60 if x > 0 else -60), mid_y + (60 if y > 0 else -60))
        pen.way("footway", (x, y), near, (mid_x, mid_y))
    a, b, c, d = (mid_x, mid_y - 60), (mid_x + 60, mid_y), (mid_x, mid_y + 60), (mid_x - 60, mid_y)
    corner = [(mid_x + sx * 60, mid_y + sy * 60) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    pen.way("footway", corner[0], a, corner[1], b, corner[2], c, corner[3], d, corner[0])
    pen.green("playground", (mid_x - 30, mid_y, 26, 26), "Детский городок")
    pen.spot("playground", (mid_x - 30, mid_y), "Детский городок", capacity=80)


def garages(pen: Pen) -> None:
    """Draw a garage cooperative, workshops and the boiler house behind it."""
    pen.land("П2", "utility")
    w, h = pen.width, pen.depth
    for i in range(5):
        for x in (38.0, w / 2, w - 38.0):
            pen.box("garages", (x, 13.0 + 20 * i, 52, 7))
    for y in (23.0, 63.0, 103.0):
        pen.way("service", (12, y), (w / 2, y), (w - 12, y))
    spine = w / 2 + 33
    pen.way("service", (spine, 23), (spine, 120), (spine, h + pen.north_m))
    pen.way("service", (spine, 120), (w + pen.east_m, 120))
    pen.way("footway", (spine, 23), (spine, -pen.south_m))
    pen.box("annex", (spine + 11, 129, 6, 6))
    pen.box("industry", (46, 150, 64, 34))
    pen.box("industry", (46, 190, 64, 22))
    pen.box("boiler", (w - 40, 146, 30, 20))
    pen.box("annex", (w - 28, 172 - 46, 16, 6))
    office = pen.box("office", (w - 44, h - 18, 44, 13))
    pen.room("other", office, "Жилищно-эксплуатационная служба", capacity=30)
    pen.box("substation", (w - 18, 172, 7, 6))


def estate(pen: Pen, *, street: int) -> None:
    """Draw forty houses with gardens on four rows; the middle lane bears the name `street`."""
    pen.land("Ж3", "residential")
    w, h = pen.width, pen.depth
    lane = h / 2
    step = (w - 6) / 10
    for y, back in ((15.0, 1), (lane - 16, -1), (lane + 16, 1), (h - 14, -1)):
        for i in range(10):
            pen.box("house", (step * (i + 0.5) + 4.0, y, 10.5, 9.0))
            if i % 2:
                pen.box("shed", (step * (i + 0.5) + 9.0, y + back * 24, 5, 7))
    pen.way("footway", (-pen.west_m, lane), (2, lane))
    pen.way("residential", (2, lane), (w + pen.east_m, lane), street=street)
