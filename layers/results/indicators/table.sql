CREATE TABLE IF NOT EXISTS features.indicators (
    id               bigint NOT NULL,
    area             text NOT NULL,
    soato            text,
    status           text NOT NULL,
    geom             geometry(MultiPolygon, 4326) NOT NULL,
    code             text NOT NULL,
    part             bigint NOT NULL,
    name_be          text NOT NULL,
    name_ru          text NOT NULL,
    name_en          text NOT NULL,
    value            double precision,  -- null = not computed: then there is a reason
    unit             text NOT NULL,
    formula          text NOT NULL,
    threshold        double precision,
    threshold_unit   text,
    target           double precision,
    target_source    text,
    target_status    text,
    outcome          text NOT NULL,
    reason_be        text,
    reason_ru        text,
    reason_en        text,
    deficit_persons  bigint,
    children         double precision,
    elderly          double precision,
    share_near_limit double precision,
    data_date        date,
    previous         double precision,
    method           text,
    run_id           text,
    CHECK ((value IS NULL) = (outcome = 'not_computed')),
    CHECK ((value IS NULL) = (reason_en IS NOT NULL)),
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS indicators_geom ON features.indicators USING gist (geom);
CREATE INDEX IF NOT EXISTS indicators_code ON features.indicators (code);
