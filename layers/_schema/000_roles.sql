-- Roles are shared by the whole cluster, so two databases of one cluster share them (and may make them at once).
-- The server reads, jobs enqueue and read runs, loads write and own the layer tables.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['geoportal_reader', 'geoportal_jobs', 'geoportal_writer'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            END IF;
            -- A superuser may take any role; any other owner must be a member to `SET ROLE`.
            IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
                EXECUTE format('GRANT %I TO %I', wanted, current_user);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of the cluster was faster
        END;
    END LOOP;
END
$$;
