CREATE TABLE IF NOT EXISTS features.lorawan_gateways (
    id                bigint NOT NULL,
    area              text NOT NULL,
    soato             text,
    status            text NOT NULL,
    geom              geometry(Point, 4326) NOT NULL,
    name              text,
    frequency_mhz     double precision NOT NULL,
    eirp_dbm          double precision,
    height_m          double precision,
    antenna_gain_dbi  double precision,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS lorawan_gateways_geom ON features.lorawan_gateways USING gist (geom);
