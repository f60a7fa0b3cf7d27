-- The OpenStreetMap extract each area was last loaded from, in pieces of a few MB as its file has
-- them: what change files are applied to. The box says which new nodes belong to the area.
CREATE TABLE IF NOT EXISTS layers.osm_extract (
    area    text PRIMARY KEY REFERENCES layers.area (id) ON UPDATE CASCADE ON DELETE CASCADE,
    name    text NOT NULL,  -- of the file; its ending tells the format
    sha256  text NOT NULL,
    west    double precision NOT NULL,
    south   double precision NOT NULL,
    east    double precision NOT NULL,
    north   double precision NOT NULL,
    changes text[] NOT NULL DEFAULT '{}',  -- names of the change files applied since, newest last
    graves  jsonb NOT NULL DEFAULT '{}',  -- what those deleted, and in which version
    kept_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS layers.osm_extract_piece (
    area    text NOT NULL REFERENCES layers.osm_extract (area) ON UPDATE CASCADE ON DELETE CASCADE,
    number  integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (area, number)
);
ALTER TABLE layers.osm_extract_piece ALTER COLUMN content SET STORAGE EXTERNAL;
