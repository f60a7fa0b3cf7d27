CREATE TABLE IF NOT EXISTS features.fibre_coverage (
    id          bigint NOT NULL,
    area        text NOT NULL,
    soato       text,
    status      text NOT NULL,
    geom        geometry(MultiPolygon, 4326) NOT NULL,
    building_id bigint NOT NULL,
    coverage    text NOT NULL,
    length_m    double precision,
    loss_db     double precision,
    reserve_db  double precision,
    splitter_id bigint,
    residents   bigint,
    dwellings   bigint,
    run_id      text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS fibre_coverage_geom ON features.fibre_coverage USING gist (geom);
