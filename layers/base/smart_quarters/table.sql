CREATE TABLE IF NOT EXISTS features.smart_quarters (
    id        bigint NOT NULL,
    area      text NOT NULL,
    soato     text,
    status    text NOT NULL,
    geom      geometry(MultiPolygon, 4326) NOT NULL,
    name_be   text,
    name_ru   text,
    name_en   text,
    residents bigint,
    buildings bigint,
    area_m2   double precision,
    programme text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS smart_quarters_geom ON features.smart_quarters USING gist (geom);
