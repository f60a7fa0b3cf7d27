CREATE TABLE IF NOT EXISTS features.meter_readings (
    id        bigint NOT NULL,
    area      text NOT NULL,
    soato     text,
    status    text NOT NULL,
    geom      geometry(Point, 4326) NOT NULL,
    meter_id  text NOT NULL,
    month     date NOT NULL,
    resource  text NOT NULL,
    value     double precision,
    unit      text NOT NULL,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS meter_readings_geom ON features.meter_readings USING gist (geom);
CREATE INDEX IF NOT EXISTS meter_readings_month ON features.meter_readings (month, id);
CREATE INDEX IF NOT EXISTS meter_readings_meter_id ON features.meter_readings (meter_id, month);
