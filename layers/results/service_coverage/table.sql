CREATE TABLE IF NOT EXISTS features.service_coverage (
    id            bigint NOT NULL,
    area          text NOT NULL,
    soato         text,
    status        text NOT NULL,
    geom          geometry(MultiPolygon, 4326) NOT NULL,
    building_id   bigint NOT NULL,
    service_class text NOT NULL,
    coverage      text NOT NULL,
    distance_m    double precision,
    limit_m       double precision NOT NULL,
    walk_min      double precision,
    cycle_min     double precision,
    facility_id   bigint,
    residents     bigint,
    dwellings     bigint,
    run_id        text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS service_coverage_geom ON features.service_coverage USING gist (geom);
-- The map and the tables look at one class at a time.
CREATE INDEX IF NOT EXISTS service_coverage_class ON features.service_coverage (service_class, id);
