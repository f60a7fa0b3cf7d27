-- Rasters of areas: one cloud-optimised GeoTIFF each (docs/decisions/0023-rasters.md).
CREATE TABLE IF NOT EXISTS layers.raster (
    raster          text NOT NULL,
    area            text NOT NULL REFERENCES layers.area (id) ON UPDATE CASCADE,
    version         bigint NOT NULL DEFAULT nextval('layers.version_number'),
    checksum        text NOT NULL,  -- SHA-256 of the cells and where they lie, not of the file
    srid            integer NOT NULL,
    width           integer NOT NULL,
    height          integer NOT NULL,
    bounds          double precision[] NOT NULL,  -- west, south, east, north in metres
    loaded_at       timestamptz NOT NULL DEFAULT now(),
    status          text NOT NULL,
    source          text NOT NULL,
    source_checksum text NOT NULL,
    supplier        jsonb,
    licence         jsonb,
    attribution     text,
    geotiff         bytea NOT NULL,
    PRIMARY KEY (raster, area)
);
ALTER TABLE layers.raster ALTER COLUMN geotiff SET STORAGE EXTERNAL;  -- it is compressed inside
GRANT SELECT ON layers.raster TO geoportal_reader;
