-- Scenarios: what a planner would add, change or remove, kept apart from the layers, which no
-- scenario ever touches. `document` is the scenario as JSON (layers/scenario.py), without its name.
CREATE TABLE IF NOT EXISTS layers.scenario (
    name       text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{0,63}$'),
    area       text NOT NULL REFERENCES layers.area (id) ON UPDATE CASCADE,
    document   jsonb NOT NULL,
    owner      text,  -- the name of the API key that saved it; null = the command line
    saved_at   timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON layers.scenario TO geoportal_reader;
ALTER TABLE layers.scenario ADD COLUMN IF NOT EXISTS shared boolean NOT NULL DEFAULT false;  -- with everybody
