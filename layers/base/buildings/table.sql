CREATE TABLE IF NOT EXISTS features.buildings (
    id            bigint NOT NULL,
    area          text   NOT NULL,
    soato         text,
    status        text   NOT NULL,
    geom          geometry(MultiPolygon, 4326) NOT NULL,
    kind          text   NOT NULL,
    name          text,
    address       text,
    storeys       bigint,
    height_m      double precision,
    year_built    bigint,
    dwellings     bigint,
    residents     bigint,
    floor_area_m2 double precision,
    source_id     text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS buildings_geom ON features.buildings USING gist (geom);
-- Pages of one use, e.g. all schools, and the residents a pipeline sums.
CREATE INDEX IF NOT EXISTS buildings_kind ON features.buildings (kind, id);
