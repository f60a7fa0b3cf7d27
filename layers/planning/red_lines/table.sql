CREATE TABLE IF NOT EXISTS features.red_lines (
    id          bigint NOT NULL,
    area        text   NOT NULL,
    soato       text,
    status      text   NOT NULL,
    geom        geometry(MultiLineString, 4326) NOT NULL,
    kind        text   NOT NULL,
    name        text,
    document    text,
    approved_on date,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS red_lines_geom ON features.red_lines USING gist (geom);
