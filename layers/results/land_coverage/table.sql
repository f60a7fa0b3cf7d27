CREATE TABLE IF NOT EXISTS features.land_coverage (
    id                 bigint NOT NULL,
    area               text NOT NULL,
    soato              text,
    status             text NOT NULL,
    geom               geometry(MultiPolygon, 4326) NOT NULL,
    site_id            bigint NOT NULL,
    site_kind          text NOT NULL,
    zone               text,
    area_m2            double precision NOT NULL,
    built_share        double precision,
    sealed_share       double precision,
    green_share        double precision,
    known_share        double precision,
    green_areas_share  double precision,
    coverage_ratio     double precision,
    floor_area_ratio   double precision,
    residents          bigint,
    residents_ha       double precision,
    red_line_conflicts bigint,
    red_line_beyond_m2 double precision,
    run_id             text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS land_coverage_geom ON features.land_coverage USING gist (geom);
