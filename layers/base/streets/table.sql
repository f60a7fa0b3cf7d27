CREATE TABLE IF NOT EXISTS features.streets (
    id           bigint NOT NULL,
    area         text NOT NULL,
    soato        text,
    status       text NOT NULL,
    geom         geometry(LineString, 4326) NOT NULL,
    name         text,
    highway      text NOT NULL,
    oneway       text NOT NULL,
    foot         boolean NOT NULL,
    bicycle      boolean NOT NULL,
    car          boolean NOT NULL,
    lit          boolean,
    surface      text,
    maxspeed_kmh double precision,
    width_m      double precision,
    length_m     double precision NOT NULL,
    node_from    bigint NOT NULL,
    node_to      bigint NOT NULL,
    bridge       boolean,
    tunnel       boolean,
    source_id    text,
    lighting_class  text,
    main_road       boolean,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS streets_geom ON features.streets USING gist (geom);
