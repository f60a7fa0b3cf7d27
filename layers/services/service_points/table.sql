CREATE TABLE IF NOT EXISTS features.service_points (
    id            bigint NOT NULL,
    area          text NOT NULL,
    soato         text,
    status        text NOT NULL,
    geom          geometry(Point, 4326) NOT NULL,
    service_class text NOT NULL,
    name          text,
    address       text,
    capacity      bigint,
    source_id     text,
    doctors       double precision,
    accessibility text[],
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS service_points_geom ON features.service_points USING gist (geom);
-- A pipeline reads one class at a time.
CREATE INDEX IF NOT EXISTS service_points_class ON features.service_points (service_class, id);
