-- Loads of files: stable ids of features that have a key, and the rows that a load replaced.

-- Which id a feature has, whatever file and order it comes in; an id is never given to another key.
CREATE TABLE IF NOT EXISTS layers.feature_key (
    layer text NOT NULL,
    area  text NOT NULL,
    key   text NOT NULL,
    id    bigint NOT NULL,
    PRIMARY KEY (layer, area, key)
);

-- The version before the last load of a file; its rows are the table `former.<layer>__a<number>`.
CREATE SCHEMA IF NOT EXISTS former;
GRANT USAGE, CREATE ON SCHEMA former TO geoportal_writer;
CREATE TABLE IF NOT EXISTS layers.former (
    layer   text NOT NULL,
    area    text NOT NULL,
    version jsonb NOT NULL,  -- its row of layers.version
    PRIMARY KEY (layer, area)
);

-- False: the side table of tiles is not that of these rows, tiles come from the rows themselves until a
-- server has made it.
ALTER TABLE layers.version ADD COLUMN IF NOT EXISTS tiled boolean NOT NULL DEFAULT true;
