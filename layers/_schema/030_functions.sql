-- Tell the servers that a layer changed; the payload is the layer's id.
CREATE OR REPLACE FUNCTION layers.announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('geoportal_layers', coalesce(NEW.layer, OLD.layer));
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER announce
    AFTER INSERT OR UPDATE OR DELETE ON layers.version
    FOR EACH ROW EXECUTE FUNCTION layers.announce();
