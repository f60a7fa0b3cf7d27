CREATE TABLE IF NOT EXISTS features.utility_meters (
    id              bigint NOT NULL,
    area            text   NOT NULL,
    soato           text,
    status          text   NOT NULL,
    geom            geometry(Point, 4326) NOT NULL,
    meter_id        text   NOT NULL,
    resource        text   NOT NULL,
    building_id     bigint,
    live            boolean NOT NULL,
    protocol        text,
    last_reading_at timestamptz,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS utility_meters_geom ON features.utility_meters USING gist (geom);
-- The meters of one building.
CREATE INDEX IF NOT EXISTS utility_meters_building_id ON features.utility_meters (building_id);
