CREATE TABLE IF NOT EXISTS features.airspace_zones (
    id              bigint NOT NULL,
    area            text   NOT NULL,
    geom            geometry(MultiPolygon, 4326) NOT NULL,
    designation     text,
    category        text   NOT NULL,
    group_name      text,
    source_appendix text,
    source_row      text,
    source_shape    text,
    radius_km       double precision,
    repaired        boolean,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS airspace_zones_geom ON features.airspace_zones USING gist (geom);
-- All zones of one category.
CREATE INDEX IF NOT EXISTS airspace_zones_category ON features.airspace_zones (category, id);
