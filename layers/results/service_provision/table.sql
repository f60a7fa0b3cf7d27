CREATE TABLE IF NOT EXISTS features.service_provision (
    id                  bigint NOT NULL,
    area                text NOT NULL,
    soato               text,
    status              text NOT NULL,
    geom                geometry(MultiPolygon, 4326) NOT NULL,
    building_id         bigint NOT NULL,
    service_class       text NOT NULL,
    reach               text NOT NULL,
    demand              double precision,
    demand_group        text NOT NULL,
    facilities_in_reach bigint NOT NULL,
    places_2sfca        double precision,
    places_e2sfca       double precision,
    places_3sfca        double precision,
    relative_share      double precision,
    catchment_m         double precision NOT NULL,
    run_id              text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS service_provision_geom ON features.service_provision USING gist (geom);
-- The map and the tables look at one class at a time.
CREATE INDEX IF NOT EXISTS service_provision_class ON features.service_provision (service_class, id);
