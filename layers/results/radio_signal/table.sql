CREATE TABLE IF NOT EXISTS features.radio_signal (
    id             bigint NOT NULL,
    area           text NOT NULL,
    soato          text,
    status         text NOT NULL,
    geom           geometry(MultiPolygon, 4326) NOT NULL,
    technology     text NOT NULL,
    signal         text NOT NULL,
    level_dbm      double precision,
    threshold_dbm  double precision NOT NULL,
    location_share double precision,
    server_id      bigint,
    model          text,
    reason         text,
    run_id         text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS radio_signal_geom ON features.radio_signal USING gist (geom);
-- The map looks at one technology at a time.
CREATE INDEX IF NOT EXISTS radio_signal_technology ON features.radio_signal (technology, id);
