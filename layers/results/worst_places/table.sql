CREATE TABLE IF NOT EXISTS features.worst_places (
    id           bigint NOT NULL,
    area         text NOT NULL,
    soato        text,
    status       text NOT NULL,
    geom         geometry(Point, 4326) NOT NULL,
    code         text NOT NULL,
    part         bigint NOT NULL,
    rank         bigint NOT NULL,
    building_id  bigint NOT NULL,
    label        text NOT NULL,
    value        double precision,
    unit         text,
    residents    bigint,
    run_id       text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS worst_places_geom ON features.worst_places USING gist (geom);
CREATE INDEX IF NOT EXISTS worst_places_code ON features.worst_places (code, part, rank);
