CREATE TABLE IF NOT EXISTS features.splitters (
    id           bigint NOT NULL,
    area         text NOT NULL,
    soato        text,
    status       text NOT NULL,
    geom         geometry(Point, 4326) NOT NULL,
    splitter_id  text NOT NULL,
    ratio        bigint NOT NULL,
    loss_db      double precision,
    terminal     text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS splitters_geom ON features.splitters USING gist (geom);
CREATE INDEX IF NOT EXISTS splitters_terminal ON features.splitters (terminal);
