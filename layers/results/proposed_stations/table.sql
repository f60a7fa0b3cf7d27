CREATE TABLE IF NOT EXISTS features.proposed_stations (
    id               bigint NOT NULL,
    area             text NOT NULL,
    soato            text,
    status           text NOT NULL,
    geom             geometry(Point, 4326) NOT NULL,
    rank             bigint NOT NULL,
    basis            text NOT NULL,
    mean_sd_ug_m3    double precision,
    mean_distance_m  double precision,
    residents_gained bigint NOT NULL,
    run_id           text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS proposed_stations_geom ON features.proposed_stations USING gist (geom);
