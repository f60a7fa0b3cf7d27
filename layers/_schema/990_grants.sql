GRANT USAGE ON SCHEMA layers, features, tiles TO geoportal_reader, geoportal_writer;
GRANT USAGE ON SCHEMA runs TO geoportal_jobs, geoportal_writer;
GRANT USAGE, CREATE ON SCHEMA staging, features, tiles TO geoportal_writer;

GRANT SELECT ON layers.area, layers.version TO geoportal_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA runs TO geoportal_jobs;
GRANT ALL ON ALL TABLES IN SCHEMA layers, runs TO geoportal_writer;
GRANT USAGE ON SEQUENCE layers.version_number TO geoportal_writer;

-- Layer tables made later are readable by the server without a further grant.
ALTER DEFAULT PRIVILEGES IN SCHEMA features, tiles GRANT SELECT ON TABLES TO geoportal_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA features, tiles TO geoportal_reader;
