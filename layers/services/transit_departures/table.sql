CREATE TABLE IF NOT EXISTS features.transit_departures (
    id         bigint NOT NULL,
    area       text NOT NULL,
    soato      text,
    status     text NOT NULL,
    geom       geometry(Point, 4326) NOT NULL,
    stop_id    text NOT NULL,
    stop_name  text NOT NULL,
    line_id    text NOT NULL,
    line_name  text NOT NULL,
    time       timestamptz NOT NULL,
    hour       bigint NOT NULL,
    departures bigint NOT NULL,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS transit_departures_geom ON features.transit_departures USING gist (geom);
-- The hours of a day, and the day of one stop.
CREATE INDEX IF NOT EXISTS transit_departures_time ON features.transit_departures (time, id);
CREATE INDEX IF NOT EXISTS transit_departures_stop_id ON features.transit_departures (stop_id, time);
