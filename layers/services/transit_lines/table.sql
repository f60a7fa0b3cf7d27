CREATE TABLE IF NOT EXISTS features.transit_lines (
    id            bigint NOT NULL,
    area          text NOT NULL,
    soato         text,
    status        text NOT NULL,
    geom          geometry(MultiLineString, 4326) NOT NULL,
    line_id       text NOT NULL,
    short_name    text NOT NULL,
    long_name     text,
    mode          text NOT NULL,
    agency        text,
    service_date  date NOT NULL,
    trips         bigint NOT NULL,
    peak_per_hour bigint NOT NULL,
    length_m      double precision NOT NULL,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS transit_lines_geom ON features.transit_lines USING gist (geom);
