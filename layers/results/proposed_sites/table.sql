CREATE TABLE IF NOT EXISTS features.proposed_sites (
    id                bigint NOT NULL,
    area              text NOT NULL,
    soato             text,
    status            text NOT NULL,
    geom              geometry(Point, 4326) NOT NULL,
    rank              bigint NOT NULL,
    service_class     text NOT NULL,
    objective         text NOT NULL,
    candidate         text NOT NULL,
    candidate_id      bigint,
    residents_gained  bigint NOT NULL,
    residents_nearest bigint NOT NULL,
    mean_distance_m   double precision,
    limit_m           double precision NOT NULL,
    run_id            text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS proposed_sites_geom ON features.proposed_sites USING gist (geom);
