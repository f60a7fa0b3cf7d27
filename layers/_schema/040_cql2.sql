-- What CQL2 filters need beyond PostGIS (OGC 21-065r2): folding of case and accents, powers that have
-- no value where they have none, and relations of geometry collections. All independent of the locale of
-- the database: ICU's root collation is a part of every PostgreSQL that Debian and PGDG build.

-- What full case folding (Unicode CaseFolding, status C and F) makes of characters that lower case leaves.
CREATE OR REPLACE FUNCTION layers.fold_rare(lowered text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(coalesce(f.folded, s.letter), '' ORDER BY s.n), '')
    FROM regexp_split_to_table(lowered, '') WITH ORDINALITY AS s (letter, n)
    LEFT JOIN (VALUES
        (E'\u00b5', E'\u03bc'), (E'\u00df', E'\u0073\u0073'), (E'\u0149', E'\u02bc\u006e'),
        (E'\u017f', E'\u0073'), (E'\u01f0', E'\u006a\u030c'), (E'\u0345', E'\u03b9'),
        (E'\u0390', E'\u03b9\u0308\u0301'), (E'\u03b0', E'\u03c5\u0308\u0301'), (E'\u03c2', E'\u03c3'),
        (E'\u03d0', E'\u03b2'), (E'\u03d1', E'\u03b8'), (E'\u03d5', E'\u03c6'), (E'\u03d6', E'\u03c0'),
        (E'\u03f0', E'\u03ba'), (E'\u03f1', E'\u03c1'), (E'\u03f5', E'\u03b5'), (E'\u0587', E'\u0565\u0582'),
        (E'\u1c80', E'\u0432'), (E'\u1c81', E'\u0434'), (E'\u1c82', E'\u043e'), (E'\u1c83', E'\u0441'),
        (E'\u1c84', E'\u0442'), (E'\u1c85', E'\u0442'), (E'\u1c86', E'\u044a'), (E'\u1c87', E'\u0463'),
        (E'\u1c88', E'\ua64b'), (E'\u1e96', E'\u0068\u0331'), (E'\u1e97', E'\u0074\u0308'),
        (E'\u1e98', E'\u0077\u030a'), (E'\u1e99', E'\u0079\u030a'), (E'\u1e9a', E'\u0061\u02be'),
        (E'\u1e9b', E'\u1e61'), (E'\u1f50', E'\u03c5\u0313'), (E'\u1f52', E'\u03c5\u0313\u0300'),
        (E'\u1f54', E'\u03c5\u0313\u0301'), (E'\u1f56', E'\u03c5\u0313\u0342'), (E'\u1f80', E'\u1f00\u03b9'),
        (E'\u1f81', E'\u1f01\u03b9'), (E'\u1f82', E'\u1f02\u03b9'), (E'\u1f83', E'\u1f03\u03b9'),
        (E'\u1f84', E'\u1f04\u03b9'), (E'\u1f85', E'\u1f05\u03b9'), (E'\u1f86', E'\u1f06\u03b9'),
        (E'\u1f87', E'\u1f07\u03b9'), (E'\u1f90', E'\u1f20\u03b9'), (E'\u1f91', E'\u1f21\u03b9'),
        (E'\u1f92', E'\u1f22\u03b9'), (E'\u1f93', E'\u1f23\u03b9'), (E'\u1f94', E'\u1f24\u03b9'),
        (E'\u1f95', E'\u1f25\u03b9'), (E'\u1f96', E'\u1f26\u03b9'), (E'\u1f97', E'\u1f27\u03b9'),
        (E'\u1fa0', E'\u1f60\u03b9'), (E'\u1fa1', E'\u1f61\u03b9'), (E'\u1fa2', E'\u1f62\u03b9'),
        (E'\u1fa3', E'\u1f63\u03b9'), (E'\u1fa4', E'\u1f64\u03b9'), (E'\u1fa5', E'\u1f65\u03b9'),
        (E'\u1fa6', E'\u1f66\u03b9'), (E'\u1fa7', E'\u1f67\u03b9'), (E'\u1fb2', E'\u1f70\u03b9'),
        (E'\u1fb3', E'\u03b1\u03b9'), (E'\u1fb4', E'\u03ac\u03b9'), (E'\u1fb6', E'\u03b1\u0342'),
        (E'\u1fb7', E'\u03b1\u0342\u03b9'), (E'\u1fbe', E'\u03b9'), (E'\u1fc2', E'\u1f74\u03b9'),
        (E'\u1fc3', E'\u03b7\u03b9'), (E'\u1fc4', E'\u03ae\u03b9'), (E'\u1fc6', E'\u03b7\u0342'),
        (E'\u1fc7', E'\u03b7\u0342\u03b9'), (E'\u1fd2', E'\u03b9\u0308\u0300'),
        (E'\u1fd3', E'\u03b9\u0308\u0301'), (E'\u1fd6', E'\u03b9\u0342'), (E'\u1fd7', E'\u03b9\u0308\u0342'),
        (E'\u1fe2', E'\u03c5\u0308\u0300'), (E'\u1fe3', E'\u03c5\u0308\u0301'), (E'\u1fe4', E'\u03c1\u0313'),
        (E'\u1fe6', E'\u03c5\u0342'), (E'\u1fe7', E'\u03c5\u0308\u0342'), (E'\u1ff2', E'\u1f7c\u03b9'),
        (E'\u1ff3', E'\u03c9\u03b9'), (E'\u1ff4', E'\u03ce\u03b9'), (E'\u1ff6', E'\u03c9\u0342'),
        (E'\u1ff7', E'\u03c9\u0342\u03b9'), (E'\ufb00', E'\u0066\u0066'), (E'\ufb01', E'\u0066\u0069'),
        (E'\ufb02', E'\u0066\u006c'), (E'\ufb03', E'\u0066\u0066\u0069'), (E'\ufb04', E'\u0066\u0066\u006c'),
        (E'\ufb05', E'\u0073\u0074'), (E'\ufb06', E'\u0073\u0074'), (E'\ufb13', E'\u0574\u0576'),
        (E'\ufb14', E'\u0574\u0565'), (E'\ufb15', E'\u0574\u056b'), (E'\ufb16', E'\u057e\u0576'),
        (E'\ufb17', E'\u0574\u056d')
    ) AS f (letter, folded) ON f.letter = s.letter COLLATE "C"
$$;

-- CASEI: full case folding. Cherokee is folded to small letters, which compares alike. PL/pgSQL, because a
-- call of an SQL function that is not put into the query costs four times as much.
CREATE OR REPLACE FUNCTION layers.casei(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    lowered text := lower(value COLLATE "und-x-icu");
BEGIN
    IF lowered ~
        '[\u00b5\u00df\u0149\u017f\u01f0\u0345\u0390\u03b0\u03c2\u03d0-\u03d1\u03d5-\u03d6'
        '\u03f0-\u03f1\u03f5\u0587\u1c80-\u1c88\u1e96-\u1e9b\u1f50\u1f52\u1f54\u1f56'
        '\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7\u1fb2-\u1fb4\u1fb6-\u1fb7\u1fbe'
        '\u1fc2-\u1fc4\u1fc6-\u1fc7\u1fd2-\u1fd3\u1fd6-\u1fd7\u1fe2-\u1fe4\u1fe6-\u1fe7'
        '\u1ff2-\u1ff4\u1ff6-\u1ff7\ufb00-\ufb06\ufb13-\ufb17]'
    THEN
        RETURN layers.fold_rare(lowered);
    END IF;
    RETURN lowered;
END
$$;

-- ACCENTI: canonical decomposition without the marks of Latin, Greek, Cyrillic, Hebrew and Arabic (signs of
-- other scripts are vowels and voicing, not accents), and the letters whose stroke Unicode does not take apart.
CREATE OR REPLACE FUNCTION layers.accenti_rare(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT normalize(
        translate(
            regexp_replace(
                normalize(value, NFD),
                '[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a'
                '\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1abd\u1dc0-\u1dff'
                '\u20d0-\u20dc\u20e1\ufe20-\ufe2f]',
                '', 'g'
            ),
            'łŁøØđĐħĦŧŦƀɃɨƗʉɄɇɆɉɈɍɌɏɎƶƵǥǤıȷ',
            'lLoOdDhHtTbBiIuUeEjJrRyYzZgGij'
        ),
        NFC
    )
$$;

-- Most texts are Latin, Greek or Cyrillic without strokes: for them a part of the work is enough.
CREATE OR REPLACE FUNCTION layers.accenti(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF value ~ '[łŁøØđĐħĦŧŦƀɃɨƗʉɄɇɆɉɈɍɌɏɎƶƵǥǤıȷǾǿ\u0500-\U0010ffff]' THEN
        RETURN layers.accenti_rare(value);
    END IF;
    RETURN regexp_replace(normalize(value, NFD), '[\u0300-\u036f\u0483-\u0487]', '', 'g');
END
$$;

-- A power without a real value, or beyond the range of numbers, is unknown and not an error.
CREATE OR REPLACE FUNCTION layers.power(base double precision, exponent double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE
        WHEN base = 0 THEN CASE WHEN exponent < 0 THEN NULL WHEN exponent = 0 THEN 1 ELSE 0 END
        WHEN base < 0 AND exponent <> trunc(exponent) THEN NULL
        WHEN abs(base) IN ('Infinity', 'NaN') OR abs(exponent) IN ('Infinity', 'NaN') THEN NULL
        WHEN ln(abs(base)) * exponent > 709 THEN NULL
        WHEN ln(abs(base)) * exponent < -708 THEN 0
        ELSE pg_catalog.power(base, exponent)
    END
$$;

-- The parts of a geometry: areas, lines outside them, points outside both; each in one geometry. So the
-- boundary of an area stays a boundary where a line crosses it, as in GEOS since 3.13.
CREATE OR REPLACE FUNCTION layers.parts(shape geometry) RETURNS geometry[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    WITH d AS (
        SELECT ST_UnaryUnion(ST_CollectionExtract(shape, 3)) AS areas,
            ST_UnaryUnion(ST_CollectionExtract(shape, 2)) AS lines,
            ST_UnaryUnion(ST_CollectionExtract(shape, 1)) AS points
    )
    SELECT coalesce(array_agg(part), '{}')
    FROM d, unnest(ARRAY[
        areas, ST_Difference(lines, areas), ST_Difference(ST_Difference(points, areas), lines)
    ]) AS part
    WHERE NOT ST_IsEmpty(part)
$$;

-- Whether every part of `inner_` lies in the union of `outer_`.
CREATE OR REPLACE FUNCTION layers.covers(outer_ geometry[], inner_ geometry[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    rest geometry;
    cover geometry;
BEGIN
    FOREACH rest IN ARRAY inner_ LOOP
        FOREACH cover IN ARRAY outer_ LOOP
            rest := CASE WHEN ST_Covers(cover, rest) THEN ST_Difference(rest, rest) ELSE ST_Difference(rest, cover) END;
        END LOOP;
        IF NOT ST_IsEmpty(rest) THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END
$$;

-- The relations of CQL2 as PostGIS has them, for everything but geometry collections.
CREATE OR REPLACE FUNCTION layers.relates_simple(op text, a geometry, b geometry) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE op
        WHEN 's_equals' THEN ST_Equals(a, b)
        WHEN 's_within' THEN ST_Within(a, b)
        WHEN 's_contains' THEN ST_Contains(a, b)
        WHEN 's_touches' THEN ST_Touches(a, b)
        WHEN 's_crosses' THEN ST_Crosses(a, b)
        WHEN 's_overlaps' THEN ST_Overlaps(a, b)
    END
$$;

-- The same for geometry collections, which GEOS before 3.13 refuses to relate: a collection is the union of its
-- parts, and DE-9IM is read off the parts.
CREATE OR REPLACE FUNCTION layers.relates(op text, a geometry, b geometry) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    parts_a geometry[];
    parts_b geometry[];
    shared integer;  -- dimension of what the interiors share; -1 when they share nothing
    dimension_a integer := ST_Dimension(a);
    dimension_b integer := ST_Dimension(b);
BEGIN
    IF 'GEOMETRYCOLLECTION' NOT IN (GeometryType(a), GeometryType(b)) THEN
        RETURN layers.relates_simple(op, a, b);
    ELSIF ST_IsEmpty(a) OR ST_IsEmpty(b) THEN
        RETURN op = 's_equals' AND ST_IsEmpty(a) AND ST_IsEmpty(b);
    END IF;
    parts_a := layers.parts(a);
    parts_b := layers.parts(b);
    SELECT coalesce(max(nullif(left(ST_Relate(pa, pb), 1), 'F')::integer), -1) INTO shared
    FROM unnest(parts_a) AS pa, unnest(parts_b) AS pb;
    CASE op
        WHEN 's_equals' THEN RETURN layers.covers(parts_a, parts_b) AND layers.covers(parts_b, parts_a);
        WHEN 's_within' THEN RETURN shared >= 0 AND layers.covers(parts_b, parts_a);
        WHEN 's_contains' THEN RETURN shared >= 0 AND layers.covers(parts_a, parts_b);
        WHEN 's_touches' THEN RETURN shared < 0 AND ST_Intersects(a, b);
        WHEN 's_crosses' THEN
            IF dimension_a = dimension_b THEN
                RETURN dimension_a = 1 AND shared = 0;
            ELSIF dimension_a < dimension_b THEN
                RETURN shared >= 0 AND NOT layers.covers(parts_b, parts_a);
            END IF;
            RETURN shared >= 0 AND NOT layers.covers(parts_a, parts_b);
        WHEN 's_overlaps' THEN
            -- Two lines overlap along a line; for points and areas any common interior is enough.
            RETURN dimension_a = dimension_b AND shared >= (dimension_a = 1)::integer
                AND NOT layers.covers(parts_a, parts_b) AND NOT layers.covers(parts_b, parts_a);
    END CASE;
END
$$;
