CREATE TABLE IF NOT EXISTS features.admin_units (
    id              bigint NOT NULL,
    area            text NOT NULL,
    geom            geometry(MultiPolygon, 4326),  -- NULL: without the source file most units have no border
    soato           text,
    level           text NOT NULL,
    name_be         text,
    name_ru         text,
    name_en         text,
    oblast          text,
    iso_3166_2      text,
    population      bigint,
    population_year bigint,
    area_km2        double precision,
    soato_status    text,
    note            text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS admin_units_geom ON features.admin_units USING gist (geom);
CREATE INDEX IF NOT EXISTS admin_units_soato ON features.admin_units (soato);
