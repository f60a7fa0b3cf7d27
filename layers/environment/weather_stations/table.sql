CREATE TABLE IF NOT EXISTS features.weather_stations (
    id                bigint NOT NULL,
    area              text   NOT NULL,
    geom              geometry(Point, 4326) NOT NULL,
    station_id        text   NOT NULL,
    name              text,
    wmo               text,
    icao              text,
    elevation_m       double precision,
    active            boolean,
    timezone          text,
    region            text,
    location_suspect  boolean,
    elevation_suspect boolean,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS weather_stations_geom ON features.weather_stations USING gist (geom);
