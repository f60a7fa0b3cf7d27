CREATE TABLE IF NOT EXISTS features.green_areas (
    id        bigint NOT NULL,
    area      text   NOT NULL,
    soato     text,
    status    text   NOT NULL,
    geom      geometry(MultiPolygon, 4326) NOT NULL,
    kind      text   NOT NULL,
    name      text,
    area_m2   double precision,
    public    boolean,
    source_id text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS green_areas_geom ON features.green_areas USING gist (geom);
-- All parks, all playgrounds.
CREATE INDEX IF NOT EXISTS green_areas_kind ON features.green_areas (kind, id);
