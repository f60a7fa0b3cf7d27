-- Own rows of systems on the Krassovsky ellipsoid: SRID = 900000 + EPSG code, each with its one datum
-- shift (seven parameters, rotations of a position vector: the signs are opposite to EPSG's table).
-- The rows that PostGIS brings leave the choice of the shift to PROJ, which takes one for zone 4 and
-- another, 1.7 m away, for zones 5 and 6. No auth_name: with one, PROJ's database would be asked.
-- The same systems are in layers/crs.py; a test holds both together.
DO $$
DECLARE
    missing bigint;
BEGIN
    CREATE TEMPORARY TABLE own_system ON COMMIT DROP AS
    SELECT 900000 + z.code AS srid,
           coalesce('+proj=tmerc +lat_0=' || z.latitude || ' +lon_0=' || z.meridian
                    || ' +k=1 +x_0=' || z.easting || ' +y_0=0', '+proj=longlat')
           || ' +ellps=krass +towgs84=' || d.shift
           || CASE WHEN z.meridian IS NULL THEN '' ELSE ' +units=m' END || ' +no_defs' AS proj4text
    FROM (VALUES
            ('sk42', '25,-141,-78.5,0,0.35,0.736,0'),             -- EPSG:15865
            ('sk95', '24.47,-130.89,-81.56,0,0,0.13,-0.22')       -- EPSG:5043
        ) AS d (datum, shift)
    JOIN (VALUES
            (4284, 'sk42', NULL, NULL, NULL),
            (28404, 'sk42', 0, 21, 4500000),
            (28405, 'sk42', 0, 27, 5500000),
            (28406, 'sk42', 0, 33, 6500000),
            (2494, 'sk42', 0, 21, 500000),
            (2495, 'sk42', 0, 27, 500000),
            (2496, 'sk42', 0, 33, 500000),
            (2524, 'sk42', 0, 24, 8500000),
            (2525, 'sk42', 0, 27, 9500000),
            (2526, 'sk42', 0, 30, 10500000),
            (2527, 'sk42', 0, 33, 11500000),
            (2583, 'sk42', 0, 24, 500000),
            (2584, 'sk42', 0, 27, 500000),
            (2585, 'sk42', 0, 30, 500000),
            (2586, 'sk42', 0, 33, 500000),
            (3350, 'sk42', 0.1, 21.95, 250000),
            (3351, 'sk42', 0.1, 24.95, 1250000),
            (3352, 'sk42', 0.1, 27.95, 2250000),
            (4200, 'sk95', NULL, NULL, NULL),
            (20004, 'sk95', 0, 21, 4500000),
            (20005, 'sk95', 0, 27, 5500000),
            (20006, 'sk95', 0, 33, 6500000),
            (2463, 'sk95', 0, 21, 500000),
            (2464, 'sk95', 0, 27, 500000),
            (2465, 'sk95', 0, 33, 500000),
            (2643, 'sk95', 0, 27, 9500000),
            (2644, 'sk95', 0, 30, 10500000),
            (2645, 'sk95', 0, 33, 11500000)
        ) AS z (code, datum, latitude, meridian, easting) USING (datum);

    -- Asked first, so that a database prepared by an administrator needs no right to write here.
    SELECT count(*) INTO missing FROM own_system AS o
    WHERE NOT EXISTS (
        SELECT FROM spatial_ref_sys AS s WHERE s.srid = o.srid AND s.proj4text = o.proj4text
            AND s.auth_name IS NULL AND s.srtext IS NULL
    );
    IF missing > 0 AND NOT has_table_privilege('spatial_ref_sys', 'INSERT, UPDATE') THEN
        -- Everything else works without these systems; a request in one of them is refused.
        RAISE WARNING 'SK-42 and SK-95 need rows in spatial_ref_sys; let a superuser run this migration once';
    ELSIF missing > 0 THEN
        INSERT INTO spatial_ref_sys (srid, proj4text) SELECT srid, proj4text FROM own_system
        ON CONFLICT (srid) DO UPDATE
        SET proj4text = excluded.proj4text, auth_name = NULL, auth_srid = NULL, srtext = NULL;
    END IF;
END
$$;
