CREATE TABLE IF NOT EXISTS features.settlements (
    id              bigint NOT NULL,
    area            text NOT NULL,
    geom            geometry(Point, 4326) NOT NULL,
    soato           text,
    name_be         text,
    name_ru         text,
    name_en         text,
    kind            text NOT NULL,
    oblast          text,
    raion           text,
    population_2023 bigint,
    population_2024 bigint,
    soato_status    text,
    source          text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS settlements_geom ON features.settlements USING gist (geom);
CREATE INDEX IF NOT EXISTS settlements_soato ON features.settlements (soato);
