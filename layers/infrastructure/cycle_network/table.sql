CREATE TABLE IF NOT EXISTS features.cycle_network (
    id        bigint NOT NULL,
    area      text   NOT NULL,
    geom      geometry(Geometry, 4326) NOT NULL,
    kind      text   NOT NULL,
    name      text,
    capacity  bigint,
    surface   text,
    source_id text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS cycle_network_geom ON features.cycle_network USING gist (geom);
-- All cycleways, all parking.
CREATE INDEX IF NOT EXISTS cycle_network_kind ON features.cycle_network (kind, id);
