CREATE TABLE IF NOT EXISTS features.base_stations (
    id            bigint NOT NULL,
    area          text   NOT NULL,
    soato         text,
    status        text   NOT NULL,
    geom          geometry(Point, 4326) NOT NULL,
    name          text,
    technology    text   NOT NULL,
    frequency_mhz double precision,
    height_m      double precision,
    azimuth_deg   double precision,
    eirp_dbm      double precision,
    tilt_deg        double precision,
    beamwidth_deg   double precision,
    bandwidth_mhz   double precision,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS base_stations_geom ON features.base_stations USING gist (geom);
