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
