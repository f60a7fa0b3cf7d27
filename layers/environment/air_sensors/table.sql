CREATE TABLE IF NOT EXISTS features.air_sensors (
    id            bigint NOT NULL,
    area          text   NOT NULL,
    soato         text,
    status        text   NOT NULL,
    geom          geometry(Point, 4326) NOT NULL,
    sensor_id     text   NOT NULL,
    name          text,
    height_m      double precision,
    pm10_ug_m3    double precision,
    pm25_ug_m3    double precision,
    no2_ug_m3     double precision,
    o3_ug_m3      double precision,
    temperature_c double precision,
    latest_at     timestamptz,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS air_sensors_geom ON features.air_sensors USING gist (geom);
