CREATE TABLE IF NOT EXISTS features.dark_stretches (
    id             bigint NOT NULL,
    area           text NOT NULL,
    soato          text,
    status         text NOT NULL,
    geom           geometry(LineString, 4326) NOT NULL,
    street_id      bigint NOT NULL,
    lighting_class text NOT NULL,
    from_m         double precision NOT NULL,
    length_m       double precision NOT NULL,
    mean_lx        double precision NOT NULL,
    asked_lx       double precision NOT NULL,
    residents      bigint,
    run_id         text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS dark_stretches_geom ON features.dark_stretches USING gist (geom);
