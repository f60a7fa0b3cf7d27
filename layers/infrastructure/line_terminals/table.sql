CREATE TABLE IF NOT EXISTS features.line_terminals (
    id           bigint NOT NULL,
    area         text NOT NULL,
    soato        text,
    status       text NOT NULL,
    geom         geometry(Point, 4326) NOT NULL,
    terminal_id  text NOT NULL,
    budget_db    double precision NOT NULL,
    ports        bigint,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS line_terminals_geom ON features.line_terminals USING gist (geom);
