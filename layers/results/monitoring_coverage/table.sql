CREATE TABLE IF NOT EXISTS features.monitoring_coverage (
    id               bigint NOT NULL,
    area             text NOT NULL,
    soato            text,
    status           text NOT NULL,
    geom             geometry(Polygon, 4326) NOT NULL,
    cell             text NOT NULL,
    state            text NOT NULL,
    basis            text NOT NULL,
    distance_m       double precision,
    estimate_ug_m3   double precision,
    kriging_sd_ug_m3 double precision,
    idw_ug_m3        double precision,
    score_ug_m3      double precision,
    residents        bigint,
    run_id           text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS monitoring_coverage_geom ON features.monitoring_coverage USING gist (geom);
