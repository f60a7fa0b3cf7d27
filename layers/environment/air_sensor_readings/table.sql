CREATE TABLE IF NOT EXISTS features.air_sensor_readings (
    id             bigint NOT NULL,
    area           text   NOT NULL,
    soato          text,
    status         text   NOT NULL,
    geom           geometry(Point, 4326) NOT NULL,
    sensor_id      text   NOT NULL,
    time           timestamptz NOT NULL,
    pm10_ug_m3     double precision,
    pm25_ug_m3     double precision,
    no2_ug_m3      double precision,
    o3_ug_m3       double precision,
    temperature_c  double precision,
    humidity_share double precision,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS air_sensor_readings_geom ON features.air_sensor_readings USING gist (geom);
-- Readings of a span of time, and the series of one sensor.
CREATE INDEX IF NOT EXISTS air_sensor_readings_time ON features.air_sensor_readings (time, id);
CREATE INDEX IF NOT EXISTS air_sensor_readings_sensor_id ON features.air_sensor_readings (sensor_id, time);
