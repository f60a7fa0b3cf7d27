CREATE TABLE IF NOT EXISTS features.parcels (
    id               bigint NOT NULL,
    area             text   NOT NULL,
    soato            text,
    status           text   NOT NULL,
    geom             geometry(MultiPolygon, 4326) NOT NULL,
    cadastral_number text,
    purpose          text   NOT NULL,
    area_m2          double precision,
    address          text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS parcels_geom ON features.parcels USING gist (geom);
-- All plots of one purpose.
CREATE INDEX IF NOT EXISTS parcels_purpose ON features.parcels (purpose, id);
-- A plot is looked up by its number.
CREATE INDEX IF NOT EXISTS parcels_cadastral_number ON features.parcels (cadastral_number);
