CREATE TABLE IF NOT EXISTS features.placed_residents (
    id               bigint NOT NULL,
    area             text NOT NULL,
    soato            text,
    status           text NOT NULL,
    geom             geometry(MultiPolygon, 4326) NOT NULL,
    building_id      bigint NOT NULL,
    unit_id          text,
    floor_area_m2    double precision,
    residents_placed bigint,
    residents        bigint,
    crosses_red_line text NOT NULL,
    run_id           text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS placed_residents_geom ON features.placed_residents USING gist (geom);
