CREATE TABLE IF NOT EXISTS features.air_quality_yearly (
    id         bigint NOT NULL,
    area       text   NOT NULL,
    geom       geometry(Point, 4326) NOT NULL,
    city       text,
    year       bigint NOT NULL,
    year_start date   NOT NULL,
    year_end   date   NOT NULL,
    pollutant  text   NOT NULL,
    statistic  text   NOT NULL,
    qualifier  text,
    value      double precision,
    value_text text,
    PRIMARY KEY (id, area)
) PARTITION BY LIST (area);

CREATE INDEX IF NOT EXISTS air_quality_yearly_geom ON features.air_quality_yearly USING gist (geom);
-- One pollutant through the years.
CREATE INDEX IF NOT EXISTS air_quality_yearly_pollutant ON features.air_quality_yearly (pollutant, year, id);
