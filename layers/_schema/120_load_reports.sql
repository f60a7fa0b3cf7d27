-- Reports of loads of files: the last ones of every layer and area.
CREATE TABLE IF NOT EXISTS layers.load_report (
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer     text NOT NULL,
    area      text NOT NULL,
    loaded_at timestamptz NOT NULL,
    file      text NOT NULL,
    decision  text NOT NULL,
    report    jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS load_report_layer ON layers.load_report (layer, area, number DESC);
GRANT SELECT ON layers.load_report TO geoportal_reader;
