CREATE TABLE IF NOT EXISTS features.street_lights (
    id             bigint NOT NULL,
    area           text   NOT NULL,
    soato          text,
    status         text   NOT NULL,
    geom           geometry(Point, 4326) NOT NULL,
    lamp_id        text,
    lamp_type      text   NOT NULL,
    power_w        double precision,
    height_m       double precision,
    cabinet        text,
    state          text   NOT NULL,
    installed_year bigint,
    source_id      text,
    luminaire       text,
    arm_m           double precision,
    tilt_deg        double precision,
    azimuth_deg     double precision,
    maintenance_factor double precision,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS street_lights_geom ON features.street_lights USING gist (geom);
-- The lights of one cabinet.
CREATE INDEX IF NOT EXISTS street_lights_cabinet ON features.street_lights (cabinet);
