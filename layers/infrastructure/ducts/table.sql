CREATE TABLE IF NOT EXISTS features.ducts (
    id        bigint NOT NULL,
    area      text NOT NULL,
    soato     text,
    status    text NOT NULL,
    geom      geometry(LineString, 4326) NOT NULL,
    duct_id   text NOT NULL,
    kind      text NOT NULL,
    length_m  double precision NOT NULL,
    capacity  bigint,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS ducts_geom ON features.ducts USING gist (geom);
