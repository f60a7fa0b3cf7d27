CREATE TABLE IF NOT EXISTS features.accessibility (
    id              bigint NOT NULL,
    area            text NOT NULL,
    soato           text,
    status          text NOT NULL,
    geom            geometry(MultiPolygon, 4326) NOT NULL,
    building_id     bigint NOT NULL,
    score_share     double precision,
    classes_reached bigint,
    classes_counted bigint NOT NULL,
    green_m         double precision,
    green           text NOT NULL,
    school_m        double precision,
    school_safe_m   double precision,
    school          text NOT NULL,
    residents       bigint,
    dwellings       bigint,
    run_id          text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS accessibility_geom ON features.accessibility USING gist (geom);
