-- What became of the last fetches of every source that has a schedule (`update` in data/sources.yml).
CREATE TABLE IF NOT EXISTS layers.source_run (
    source       text PRIMARY KEY,
    layers       text[] NOT NULL,
    started_at   timestamptz NOT NULL,  -- later than both others: running, or broken off
    succeeded_at timestamptz,
    failed_at    timestamptz,
    fault        text,                  -- of the last failure; stays when a later try succeeds
    marks        jsonb NOT NULL DEFAULT '{}'  -- path -> sha256, ETag and Last-Modified of what is loaded
);
-- The last failure was no fault but too many features that would have vanished: a person must look.
ALTER TABLE layers.source_run ADD COLUMN IF NOT EXISTS held boolean NOT NULL DEFAULT false;
-- Readers do not see the fault: it may name addresses and folders of the operator.
GRANT SELECT (source, layers, succeeded_at, failed_at, held) ON layers.source_run TO geoportal_reader;
GRANT USAGE ON SCHEMA layers TO geoportal_jobs;
GRANT SELECT (source, started_at) ON layers.source_run TO geoportal_jobs;
