-- Roles are shared by the whole cluster, so two databases of one cluster share them.
-- The server reads, jobs enqueue and read runs, loads write. The owner of the database holds all three.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'geoportal_reader') THEN
        CREATE ROLE geoportal_reader NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'geoportal_jobs') THEN
        CREATE ROLE geoportal_jobs NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'geoportal_writer') THEN
        CREATE ROLE geoportal_writer NOLOGIN;
    END IF;
    -- A superuser may take any role; any other owner must be a member to `SET ROLE`.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT geoportal_reader, geoportal_jobs, geoportal_writer TO %I', current_user);
    END IF;
END
$$;
