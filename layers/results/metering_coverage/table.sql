CREATE TABLE IF NOT EXISTS features.metering_coverage (
    id                   bigint NOT NULL,
    area                 text NOT NULL,
    soato                text,
    status               text NOT NULL,
    geom                 geometry(MultiPolygon, 4326) NOT NULL,
    unit_id              text NOT NULL,
    resource             text NOT NULL,
    buildings            bigint NOT NULL,
    dwellings            bigint NOT NULL,
    buildings_metered    bigint NOT NULL,
    dwellings_metered    bigint NOT NULL,
    buildings_live       bigint NOT NULL,
    dwellings_live       bigint NOT NULL,
    share_buildings_live double precision,
    share_dwellings_live double precision,
    months_expected      bigint NOT NULL,
    months_heard         bigint,
    share_gaps           double precision,
    consumption          double precision,
    dwelling_months      bigint,
    consumption_dwelling double precision,
    months_published     bigint NOT NULL,
    disclosure           text NOT NULL,
    unit                 text NOT NULL,
    run_id               text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS metering_coverage_geom ON features.metering_coverage USING gist (geom);
-- The map and the tables look at one resource at a time.
CREATE INDEX IF NOT EXISTS metering_coverage_resource ON features.metering_coverage (resource, id);
