-- Reports of the last published run of a pipeline in an area, ready to be sent.
CREATE TABLE IF NOT EXISTS runs.report (
    area     text NOT NULL,
    pipeline text NOT NULL,
    language text NOT NULL CHECK (language IN ('be', 'ru', 'en')),
    format   text NOT NULL CHECK (format IN ('html', 'pdf')),
    run_id   uuid NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    content  bytea NOT NULL,
    PRIMARY KEY (area, pipeline, language, format)
);
ALTER TABLE runs.report ALTER COLUMN content SET STORAGE EXTERNAL;
GRANT USAGE ON SCHEMA runs TO geoportal_reader;
GRANT SELECT ON runs.report, runs.run TO geoportal_reader;
