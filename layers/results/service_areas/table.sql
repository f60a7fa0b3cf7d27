CREATE TABLE IF NOT EXISTS features.service_areas (
    id                    bigint NOT NULL,
    area                  text NOT NULL,
    soato                 text,
    status                text NOT NULL,
    geom                  geometry(MultiPolygon, 4326),  -- NULL: a class without facilities reaches no street
    service_class         text NOT NULL,
    limit_m               double precision NOT NULL,
    facilities            bigint,
    street_length_m       double precision,
    buildings_total       bigint,
    buildings_covered     bigint,
    share_buildings       double precision,
    residents_total       bigint,
    residents_covered     bigint,
    share_residents       double precision,
    dwellings_total       bigint,
    dwellings_covered     bigint,
    share_dwellings       double precision,
    unreachable_buildings bigint,
    unsnapped_buildings   bigint,
    norm_status           text,
    run_id                text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS service_areas_geom ON features.service_areas USING gist (geom);
