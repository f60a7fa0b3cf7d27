CREATE TABLE IF NOT EXISTS features.illuminance_bands (
    id      bigint NOT NULL,
    area    text NOT NULL,
    soato   text,
    status  text NOT NULL,
    geom    geometry(MultiPolygon, 4326) NOT NULL,
    from_lx double precision NOT NULL,
    to_lx   double precision,
    area_m2 double precision NOT NULL,
    run_id  text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS illuminance_bands_geom ON features.illuminance_bands USING gist (geom);
