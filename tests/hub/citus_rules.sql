-- Stand-ins for Citus' two functions on a plain PostgreSQL: they distribute nothing, and refuse what Citus' documentation
-- says that it refuses ("Creating and Modifying Distributed Tables", "Citus Utility Functions", "SQL Support").

CREATE TABLE stand_in (
    relation regclass PRIMARY KEY, distribution_column text, column_type text, colocation int NOT NULL);

CREATE FUNCTION stand_in_keys(relation regclass, distribution_column text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE found record;
BEGIN
    -- Unique keys, primary keys and exclusions hold within a shard: the distribution column must be among their columns.
    FOR found IN
        SELECT i.indexrelid::regclass AS name,
               ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)) AS columns
        FROM pg_index i WHERE i.indrelid = relation AND (i.indisunique OR i.indisprimary OR i.indisexclusion)
    LOOP
        IF NOT distribution_column::name = ANY (found.columns) THEN
            RAISE EXCEPTION 'cannot create constraint on "%": % does not hold the distribution column', relation, found.name;
        END IF;
    END LOOP;
    -- Foreign keys: to reference tables, or between co-located tables by their distribution columns; from neither to others.
    FOR found IN
        SELECT c.conname, here.colocation IS NOT NULL AND there.colocation = here.colocation
               AND here.distribution_column IS NOT NULL
               AND EXISTS (SELECT FROM unnest(c.conkey, c.confkey) AS pair (mine, theirs)
                           JOIN pg_attribute m ON m.attrelid = c.conrelid AND m.attnum = pair.mine
                           JOIN pg_attribute t ON t.attrelid = c.confrelid AND t.attnum = pair.theirs
                           WHERE m.attname = here.distribution_column AND t.attname = there.distribution_column)
               OR there.relation IS NOT NULL AND there.distribution_column IS NULL AS well
        FROM pg_constraint c
        LEFT JOIN stand_in here ON here.relation = c.conrelid
        LEFT JOIN stand_in there ON there.relation = c.confrelid
        WHERE c.contype = 'f' AND c.conrelid = stand_in_keys.relation
    LOOP
        IF found.well IS NOT TRUE THEN
            RAISE EXCEPTION 'cannot create foreign key constraint %', found.conname;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION stand_in_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The value of a distribution column is never changed.
    IF to_jsonb(OLD) ->> TG_ARGV[0] IS DISTINCT FROM to_jsonb(NEW) ->> TG_ARGV[0] THEN
        RAISE EXCEPTION 'modifying the distribution column of "%" is not allowed', TG_RELID::regclass;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION create_distributed_table(
    table_name regclass, distribution_column text, distribution_type text DEFAULT 'hash', colocate_with text DEFAULT 'default')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE its_type text; its_group int; other stand_in;
BEGIN
    IF EXISTS (SELECT FROM stand_in WHERE relation = table_name) THEN
        RAISE EXCEPTION 'table "%" is already distributed', table_name;
    END IF;
    IF EXISTS (SELECT FROM pg_class WHERE oid = table_name AND relispartition) THEN
        RAISE EXCEPTION '"%" is a partition: distribute its parent', table_name;
    END IF;
    SELECT format_type(atttypid, atttypmod) INTO its_type FROM pg_attribute
        WHERE attrelid = table_name AND attname = distribution_column AND NOT attisdropped;
    IF its_type IS NULL THEN
        RAISE EXCEPTION 'column "%" of "%" does not exist', distribution_column, table_name;
    END IF;
    IF colocate_with IN ('none', 'default') THEN
        SELECT coalesce(max(colocation), 0) + 1 INTO its_group FROM stand_in;
    ELSE
        SELECT * INTO other FROM stand_in WHERE relation = colocate_with::regclass;
        IF other.column_type IS DISTINCT FROM its_type THEN
            RAISE EXCEPTION 'cannot colocate tables % and %: distribution column types do not match', table_name, colocate_with;
        END IF;
        its_group := other.colocation;
    END IF;
    INSERT INTO stand_in VALUES (table_name, distribution_column, its_type, its_group);
    PERFORM stand_in_keys(table_name, distribution_column);
    EXECUTE format('CREATE TRIGGER stand_in_stays BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION stand_in_stays(%L)',
                   table_name, distribution_column);
END $$;

CREATE FUNCTION create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM stand_in WHERE relation = table_name) THEN
        RAISE EXCEPTION 'table "%" is already distributed', table_name;
    END IF;
    IF (SELECT relkind FROM pg_class WHERE oid = table_name) = 'p' THEN
        RAISE EXCEPTION 'partitioned table "%" cannot be a reference table', table_name;
    END IF;
    INSERT INTO stand_in VALUES (table_name, NULL, NULL, 0);
    IF EXISTS (SELECT FROM pg_constraint c LEFT JOIN stand_in there ON there.relation = c.confrelid
               WHERE c.contype = 'f' AND c.conrelid = table_name AND (there.relation IS NULL OR there.distribution_column IS NOT NULL)) THEN
        RAISE EXCEPTION 'cannot create foreign key constraint of reference table "%"', table_name;
    END IF;
END $$;
