CREATE TABLE IF NOT EXISTS features.light_cabinets (
    id       bigint NOT NULL,
    area     text   NOT NULL,
    soato    text,
    status   text   NOT NULL,
    geom     geometry(Point, 4326) NOT NULL,
    cabinet  text   NOT NULL,
    lamps    bigint,
    power_kw double precision,
    state    text   NOT NULL,
    remote          boolean,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS light_cabinets_geom ON features.light_cabinets USING gist (geom);
