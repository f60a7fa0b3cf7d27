CREATE TABLE IF NOT EXISTS features.load_faults (
    id      bigint NOT NULL,
    area    text NOT NULL,
    soato   text,
    status  text NOT NULL,
    geom    geometry(Point, 4326) NOT NULL,
    layer   text NOT NULL,
    feature text NOT NULL,
    code    text NOT NULL,
    action  text NOT NULL,
    field   text,
    value   text,
    detail_be text,
    detail_ru text,
    detail_en text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS load_faults_geom ON features.load_faults USING gist (geom);
CREATE INDEX IF NOT EXISTS load_faults_layer ON features.load_faults (layer, code);
