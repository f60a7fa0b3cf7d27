-- From which level of WebMercatorQuad a feature is drawn before the layer's detail zoom: where its
-- area reaches that of a pixel (tile / 256), or its length that of the pixel's side. Below that, of
-- many small features so many are drawn, each as one pixel, that the drawn area stays true: a
-- feature of a tenth of a pixel is drawn with a chance of a tenth. The chance is a fixed number per
-- id, spread evenly over ids that follow one another (Fibonacci hashing), so what is drawn at one
-- level is drawn at all finer ones. Points are 0: tiles cluster them.
-- 17.2560898 = log2(156543.034), the metres of a pixel at level 0; 0.6931... = ln 2.
-- A changed rule needs a new number of TILE_TABLE in layers/schema.py: the values are stored.
CREATE OR REPLACE FUNCTION tiles.appears(id bigint, shape geometry) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE ST_Dimension(shape)
    WHEN 2 THEN least(30, greatest(0, ceil(17.2560898 - 0.5 / 0.693147180559945
        * ln(greatest(ST_Area(shape), 1e-6) * 65536 / ((id % 4294967296 * 40503) & 65535 | 1)))))
    WHEN 1 THEN least(30, greatest(0, ceil(17.2560898 - 1.0 / 0.693147180559945
        * ln(greatest(ST_Length(shape), 1e-6) * 65536 / ((id % 4294967296 * 40503) & 65535 | 1)))))
    ELSE 0
END::smallint;

-- From which level of WebMercatorQuad on a polygon stays valid when its vertices are moved to whole
-- units of a tile (a 4096th of its side): each moves by half the diagonal of a unit at most, and
-- none may come as near to an edge or another vertex as two such moves. Such a polygon needs no
-- repair when a tile is made, which is most of the work. 13.7561 = log2(156543.034 / 16 * sqrt(2)).
-- Null: never, because it is no polygon, not valid, not clockwise as tiles want it, or has so many
-- vertices that tiles leave some of them out anyway.
CREATE OR REPLACE FUNCTION tiles.snaps(shape geometry) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN GeometryType(shape) IN ('POLYGON', 'MULTIPOLYGON') AND ST_NPoints(shape) <= 100
        AND ST_IsPolygonCW(shape) AND ST_IsValid(shape)
    THEN least(30, greatest(0, ceil(13.7561
        - ln(least(greatest(ST_MinimumClearance(shape), 1e-6), 1e9)) / 0.693147180559945)))
END::smallint;
