CREATE TABLE IF NOT EXISTS features.functional_zones (
    id              bigint NOT NULL,
    area            text   NOT NULL,
    soato           text,
    status          text   NOT NULL,
    geom            geometry(MultiPolygon, 4326) NOT NULL,
    zone            text   NOT NULL,
    name            text,
    area_m2         double precision,
    intensity_m2_ha double precision,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS functional_zones_geom ON features.functional_zones USING gist (geom);
-- The balance of zones.
CREATE INDEX IF NOT EXISTS functional_zones_zone ON features.functional_zones (zone, id);
