import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd

from geoportal.portal import Portal
from geoportal.settings import Settings
from layers import tile_fill
from tests.fix_loads import KEYED, Loader, write

SOON_S = 20


def test_tiles_are_made_though_layer_and_area_of_others_went(
    load: Loader, plots: Callable[..., gpd.GeoDataFrame], tmp_path: Path, database: str
) -> None:
    load(write(plots(3), tmp_path / "1.gpkg"), mapping=KEYED)
    assert tile_fill.untiled(load.conn, load.layer) == ("orsha",)

    async def make() -> None:
        portal = Portal(Settings(database_url=database))
        await portal.database.open()
        try:
            await portal.refresh()
            # What was seen before the others went: a removal may come while a side table is made.
            portal.untiled = {"gone": ("orsha",), "parcels": ("nowhere", "orsha")}
            making: asyncio.Task[Any] = asyncio.create_task(portal._tile())
            async with asyncio.timeout(SOON_S):
                while tile_fill.untiled(load.conn, load.layer) and not making.done():
                    await asyncio.sleep(0.05)
            assert not making.done()
            making.cancel()
        finally:
            await portal.stop()

    asyncio.run(make())
    assert tile_fill.untiled(load.conn, load.layer) == ()
