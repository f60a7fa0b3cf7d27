CREATE TABLE IF NOT EXISTS features.census_units (
    id          bigint NOT NULL,
    area        text NOT NULL,
    soato       text,
    status      text NOT NULL,
    geom        geometry(MultiPolygon, 4326) NOT NULL,
    unit_id     text NOT NULL,
    population  bigint NOT NULL,
    age_0_6     bigint,
    age_7_17    bigint,
    age_18_64   bigint,
    age_65_up   bigint,
    households  bigint,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS census_units_geom ON features.census_units USING gist (geom);
