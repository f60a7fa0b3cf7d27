-- Published definitions: what every server process of every host serves, read by all within a second
-- or two of a change.

-- `definition` and `style` are layer.yml and style.json; null = tables made by an older release.
-- `relation` = the layer is a view over that table of somebody else's (`geoportal layers publish`);
-- `tiled` = the version of the layer that its side table of tiles was made from.
ALTER TABLE layers.definition ADD COLUMN IF NOT EXISTS definition jsonb;
ALTER TABLE layers.definition ADD COLUMN IF NOT EXISTS style jsonb;
ALTER TABLE layers.definition ADD COLUMN IF NOT EXISTS revision bigint NOT NULL DEFAULT 0;
ALTER TABLE layers.definition ADD COLUMN IF NOT EXISTS relation text;
ALTER TABLE layers.definition ADD COLUMN IF NOT EXISTS tiled bigint;

CREATE OR REPLACE TRIGGER announce
    AFTER INSERT OR UPDATE OR DELETE ON layers.definition
    FOR EACH ROW EXECUTE FUNCTION layers.announce();

-- What a server compares every second, in case an announcement was lost: any write to a row changes it.
CREATE OR REPLACE FUNCTION layers.state() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT md5(concat(
        (SELECT string_agg(concat_ws(' ', d.layer, d.xmin, d.ctid), ',' ORDER BY d.layer)
         FROM layers.definition AS d),
        ';',
        (SELECT string_agg(concat_ws(' ', v.layer, v.area, v.xmin, v.ctid), ',' ORDER BY v.layer, v.area)
         FROM layers.version AS v)
    ))
$$;

-- A geometry of a published table, read by the EPSG code or own number `srid`, in EPSG:4326; null where it
-- cannot be transformed or comes out beyond the world: neither readers nor writers shall fail on one row.
-- Unsafe in parallel, because it catches errors.
CREATE OR REPLACE FUNCTION layers.lonlat(shape geometry, srid integer) RETURNS geometry
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path FROM CURRENT AS $$
DECLARE
    moved geometry;
BEGIN
    moved := ST_Transform(ST_SetSRID(ST_Force2D(shape), srid), 4326);
    IF ST_IsEmpty(moved) OR ST_XMin(moved) >= -180 AND ST_YMin(moved) >= -90 AND ST_XMax(moved) <= 180 AND ST_YMax(moved) <= 90
        AND ST_XMax(moved) <> 'NaN' AND ST_YMax(moved) <> 'NaN'
    THEN
        RETURN moved;
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END
$$;

-- Trigger of a table that is published as a layer: after each statement the layer has a new version, the
-- right number of rows, and an extent that holds them (it only grows; publishing again measures it).
-- Arguments: layer, geometry column, the EPSG code or own number to read its coordinates by.
-- As definer: who writes to the table need not know the registry.
CREATE OR REPLACE FUNCTION layers.follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    change bigint := 0;
    box box2d;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT count(*) INTO change FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT -count(*) INTO change FROM old_rows;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        EXECUTE format('SELECT ST_Extent(layers.lonlat(%I, %s)) FROM new_rows', TG_ARGV[1], TG_ARGV[2]::integer)
        INTO box;
    END IF;
    UPDATE layers.version AS v SET
        version = nextval('layers.version_number'),
        loaded_at = clock_timestamp(),
        row_count = CASE TG_OP WHEN 'TRUNCATE' THEN 0 ELSE v.row_count + change END,
        west = least(v.west, ST_XMin(box)), south = least(v.south, ST_YMin(box)),
        east = greatest(v.east, ST_XMax(box)), north = greatest(v.north, ST_YMax(box))
    WHERE v.layer = TG_ARGV[0];
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION layers.follow() FROM PUBLIC;
