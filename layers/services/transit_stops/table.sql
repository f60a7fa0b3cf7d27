CREATE TABLE IF NOT EXISTS features.transit_stops (
    id            bigint NOT NULL,
    area          text NOT NULL,
    soato         text,
    status        text NOT NULL,
    geom          geometry(Point, 4326) NOT NULL,
    stop_id       text NOT NULL,
    name          text NOT NULL,
    code          text,
    kind          text NOT NULL,
    station_id    text,
    service_date  date NOT NULL,
    departures    bigint NOT NULL,
    peak_per_hour bigint NOT NULL,
    lines         bigint NOT NULL,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS transit_stops_geom ON features.transit_stops USING gist (geom);
