CREATE TABLE IF NOT EXISTS layers.area (
    id       text PRIMARY KEY,
    number   integer NOT NULL UNIQUE CHECK (number BETWEEN 0 AND 90000),
    title_be text NOT NULL,
    title_ru text NOT NULL,
    title_en text NOT NULL,
    soato    text NOT NULL DEFAULT '',
    srid     integer NOT NULL,
    lon      double precision NOT NULL,
    lat      double precision NOT NULL
);

-- The table of a layer is dropped and made anew when its table.sql changes; loads refill it.
CREATE TABLE IF NOT EXISTS layers.definition (
    layer    text PRIMARY KEY,
    checksum text NOT NULL
);

CREATE SEQUENCE IF NOT EXISTS layers.version_number;

-- Written by the swap of a load, in its transaction. ETags, caches, paging and provenance use nothing else.
CREATE TABLE IF NOT EXISTS layers.version (
    layer           text NOT NULL,
    area            text NOT NULL REFERENCES layers.area (id) ON UPDATE CASCADE,
    version         bigint NOT NULL DEFAULT nextval('layers.version_number'),
    checksum        text NOT NULL,
    row_count       bigint NOT NULL,
    west            double precision,
    south           double precision,
    east            double precision,
    north           double precision,
    time_start      timestamptz,
    time_end        timestamptz,
    loaded_at       timestamptz NOT NULL DEFAULT now(),
    status          text NOT NULL,
    source          text NOT NULL,
    source_checksum text NOT NULL,
    supplier        jsonb,
    licence         jsonb,
    attribution     text,
    PRIMARY KEY (layer, area)
);

-- One row per published or recorded run of a pipeline: enough to reproduce its result.
CREATE TABLE IF NOT EXISTS runs.run (
    id              uuid PRIMARY KEY,
    pipeline        text NOT NULL,
    version         text NOT NULL,
    area            text NOT NULL,
    parameters      jsonb NOT NULL,
    inputs          jsonb NOT NULL,
    outputs         jsonb NOT NULL,
    libraries       jsonb NOT NULL,
    crs             text NOT NULL,
    quality         jsonb NOT NULL,
    result_checksum text NOT NULL,
    started_at      timestamptz NOT NULL,
    finished_at     timestamptz NOT NULL
);
