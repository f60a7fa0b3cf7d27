CREATE TABLE IF NOT EXISTS features.wifi_access_points (
    id       bigint NOT NULL,
    area     text   NOT NULL,
    soato    text,
    status   text   NOT NULL,
    geom     geometry(Point, 4326) NOT NULL,
    name     text,
    standard text,
    indoor   boolean,
    reach_m  double precision,
    state    text   NOT NULL,
    frequency_mhz   double precision,
    eirp_dbm        double precision,
    height_m        double precision,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS wifi_access_points_geom ON features.wifi_access_points USING gist (geom);
