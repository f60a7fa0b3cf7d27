CREATE TABLE IF NOT EXISTS features.street_lighting (
    id              bigint NOT NULL,
    area            text NOT NULL,
    soato           text,
    status          text NOT NULL,
    geom            geometry(LineString, 4326) NOT NULL,
    street_id       bigint NOT NULL,
    lighting_class  text,
    verdict         text NOT NULL,
    if_unknown_work text NOT NULL,
    reason          text,
    grid            text NOT NULL,
    from_m          double precision NOT NULL,
    length_m        double precision NOT NULL,
    mean_lx         double precision,
    min_lx          double precision,
    u0              double precision,
    residents       bigint,
    run_id          text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS street_lighting_geom ON features.street_lighting USING gist (geom);
-- The sections of one street.
CREATE INDEX IF NOT EXISTS street_lighting_street ON features.street_lighting (street_id);
