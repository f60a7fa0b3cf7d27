GRANT SELECT ON layers.area, layers.version, layers.definition TO geoportal_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA runs TO geoportal_jobs;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA layers, runs TO geoportal_writer;
GRANT USAGE ON SEQUENCE layers.version_number TO geoportal_writer;

-- Layer tables made later are readable by the server without a further grant.
ALTER DEFAULT PRIVILEGES FOR ROLE geoportal_writer IN SCHEMA features, tiles
    GRANT SELECT ON TABLES TO geoportal_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA features, tiles TO geoportal_reader;

-- History is only ever added to; readers do not see who.
REVOKE UPDATE, DELETE, TRUNCATE ON layers.history FROM geoportal_writer;
GRANT SELECT (change, layer, id, area, version, operation, valid_from, valid_to, former)
    ON layers.history TO geoportal_reader;
