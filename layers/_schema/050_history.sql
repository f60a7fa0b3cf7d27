-- Edits of single features over HTTP, and the keys of those who may make them.

-- `edited_at` is set by the first edit after a load and cleared by the next load: it guards edits
-- against loads. The sums are those of the content checksum (layers/staging.py): an edit takes a row
-- out and puts another in, so the checksum stays true without reading the table.
ALTER TABLE layers.version ADD COLUMN IF NOT EXISTS edited_at timestamptz;
ALTER TABLE layers.version ADD COLUMN IF NOT EXISTS sum_high numeric;
ALTER TABLE layers.version ADD COLUMN IF NOT EXISTS sum_low numeric;

-- One row per change. `former` is what was there from `valid_from` until `valid_to`, the moment of
-- the change; null when the change made the feature. `version` is the layer's after the change.
CREATE TABLE IF NOT EXISTS layers.history (
    change     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer      text NOT NULL,
    id         bigint NOT NULL,
    area       text NOT NULL,
    version    bigint NOT NULL,
    operation  text NOT NULL CHECK (operation IN ('create', 'replace', 'update', 'delete')),
    who        text NOT NULL,
    request    uuid NOT NULL,
    valid_from timestamptz,
    valid_to   timestamptz NOT NULL,
    former     jsonb,
    CHECK ((operation = 'create') = (former IS NULL)),
    CHECK ((operation = 'create') = (valid_from IS NULL))
);
CREATE INDEX IF NOT EXISTS history_feature ON layers.history (layer, id, change);
CREATE INDEX IF NOT EXISTS history_time ON layers.history (layer, valid_to);

CREATE SCHEMA IF NOT EXISTS access;  -- who may do what; no table here is readable by the server

CREATE TABLE IF NOT EXISTS access.api_key (
    name       text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9_.@-]{0,79}$'),
    role       text NOT NULL CHECK (role IN ('editor')),
    layers     text[],  -- null = every editable layer
    digest     bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),  -- SHA-256 of the key
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

-- The server can ask about a key that it was shown, and can list none.
CREATE OR REPLACE FUNCTION access.check_key(given bytea)
RETURNS TABLE (name text, role text, layers text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.name, k.role, k.layers FROM access.api_key AS k
    WHERE k.digest = given AND k.revoked_at IS NULL
$$;
REVOKE ALL ON FUNCTION access.check_key(bytea) FROM PUBLIC;
GRANT USAGE ON SCHEMA access TO geoportal_reader;
GRANT EXECUTE ON FUNCTION access.check_key(bytea) TO geoportal_reader;
