CREATE TABLE IF NOT EXISTS features.radio_coverage (
    id                bigint NOT NULL,
    area              text NOT NULL,
    soato             text,
    status            text NOT NULL,
    geom              geometry(MultiPolygon, 4326) NOT NULL,
    building_id       bigint NOT NULL,
    technology        text NOT NULL,
    outdoor           text NOT NULL,
    indoor            text NOT NULL,
    level_outdoor_dbm double precision,
    level_indoor_dbm  double precision,
    threshold_dbm     double precision NOT NULL,
    entry_loss_db     double precision,
    server_id         bigint,
    model             text,
    spreading_factor  bigint,
    reason            text,
    residents         bigint,
    dwellings         bigint,
    run_id            text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS radio_coverage_geom ON features.radio_coverage USING gist (geom);
-- The map and the tables look at one technology at a time.
CREATE INDEX IF NOT EXISTS radio_coverage_technology ON features.radio_coverage (technology, id);
