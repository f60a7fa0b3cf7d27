CREATE EXTENSION IF NOT EXISTS postgis;

CREATE SCHEMA IF NOT EXISTS layers;    -- the registry: areas, versions
CREATE SCHEMA IF NOT EXISTS features;  -- one table per layer, partitioned by area
CREATE SCHEMA IF NOT EXISTS tiles;     -- the same rows in EPSG:3857, in spatial order, for tiles
CREATE SCHEMA IF NOT EXISTS staging;   -- what a load has not yet swapped in
CREATE SCHEMA IF NOT EXISTS runs;      -- provenance of computed results

-- The writer owns the layer tables, because only an owner may attach and detach partitions.
GRANT USAGE ON SCHEMA layers, runs TO geoportal_writer;
GRANT USAGE, CREATE ON SCHEMA features, tiles, staging TO geoportal_writer;
GRANT USAGE ON SCHEMA layers, features, tiles TO geoportal_reader;
GRANT USAGE ON SCHEMA runs TO geoportal_jobs;
