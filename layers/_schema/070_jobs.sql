-- Jobs of OGC API Processes. The queue (schema `queue`, procrastinate's own tables) only delivers ids;
-- what a job is, was given and gave stands here. `attempt` is the fence: a worker that was taken for dead
-- changes nothing any more, because every update names the attempt that it belongs to.

CREATE SCHEMA IF NOT EXISTS jobs;
CREATE SCHEMA IF NOT EXISTS queue;

CREATE TABLE IF NOT EXISTS jobs.job (
    id          uuid PRIMARY KEY,
    process     text NOT NULL,
    owner       text,  -- the name of an API key; null = whoever knows the id
    inputs      jsonb NOT NULL,
    outputs     jsonb NOT NULL,  -- output -> how it is to be sent
    response    text NOT NULL CHECK (response IN ('raw', 'document')),
    publish     boolean NOT NULL DEFAULT false,
    kept        boolean NOT NULL,  -- false: the answer of one request, removed with it
    deadline_s  double precision NOT NULL,
    status      text NOT NULL DEFAULT 'accepted'
                CHECK (status IN ('accepted', 'running', 'successful', 'failed', 'dismissed')),
    attempt     integer NOT NULL DEFAULT 0,
    progress    smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    message     text NOT NULL DEFAULT '',
    fault       jsonb,  -- why it failed: status, title, detail
    created_at  timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    alive_at    timestamptz NOT NULL DEFAULT now()  -- last sign of life of its worker
);
CREATE INDEX IF NOT EXISTS job_owner ON jobs.job (owner, created_at DESC);
CREATE INDEX IF NOT EXISTS job_open ON jobs.job (status) WHERE status IN ('accepted', 'running');

-- Written once, in the transaction that makes the job successful.
CREATE TABLE IF NOT EXISTS jobs.result (
    job        uuid NOT NULL REFERENCES jobs.job (id) ON DELETE CASCADE,
    output     text NOT NULL,
    media_type text NOT NULL,
    body       bytea NOT NULL,
    PRIMARY KEY (job, output)
);
-- Uncompressed, so that a part of it is read without the rest.
ALTER TABLE jobs.result ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE IF NOT EXISTS jobs.worker (
    id       uuid PRIMARY KEY,
    alive_at timestamptz NOT NULL DEFAULT now()
);

-- An editor's key changes features; a publisher's lets a process replace its result layers.
ALTER TABLE access.api_key DROP CONSTRAINT IF EXISTS api_key_role_check;
ALTER TABLE access.api_key ADD CONSTRAINT api_key_role_check CHECK (role IN ('editor', 'publisher'));

GRANT USAGE ON SCHEMA jobs, queue TO geoportal_jobs;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO geoportal_jobs;
