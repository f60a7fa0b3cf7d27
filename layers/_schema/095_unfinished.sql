-- Runs cut into tiles that are not finished, and their finished tiles; both go when a run is done.
CREATE TABLE IF NOT EXISTS runs.unfinished (
    key        text PRIMARY KEY,  -- checksum of the run id (inputs, parameters, version), code, tiles
    run_id     uuid NOT NULL,
    pipeline   text NOT NULL,
    area       text NOT NULL,
    tile_m     double precision NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS runs.finished_tile (
    key         text NOT NULL REFERENCES runs.unfinished ON DELETE CASCADE,
    step        text NOT NULL,
    tile        text NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT now(),
    content     bytea NOT NULL,
    PRIMARY KEY (key, step, tile)
);
ALTER TABLE runs.finished_tile ALTER COLUMN content SET STORAGE EXTERNAL;
