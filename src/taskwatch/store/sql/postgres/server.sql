-- name: size
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'm')

-- name: role
-- Who asks: its name, whether it is a superuser, owns the schema, or may make tables in it.
SELECT current_user::text, r.rolsuper, pg_has_role(n.nspowner, 'USAGE'), has_schema_privilege(n.oid, 'CREATE')
FROM pg_roles AS r, pg_namespace AS n
WHERE r.rolname = current_user AND n.nspname = current_schema()

-- name: lacking
-- What a daemon needs and this role has not.
SELECT c.relname::text, needed.right FROM pg_class AS c
JOIN (VALUES
    ('r', 'SELECT'), ('r', 'INSERT'), ('r', 'UPDATE'), ('r', 'DELETE'), ('v', 'SELECT'),
    ('S', 'SELECT'), ('S', 'USAGE'), ('S', 'UPDATE')
) AS needed (kind, "right") ON needed.kind = c.relkind::text
WHERE c.relnamespace = current_schema()::regnamespace AND (c.relname <> 'steps' OR needed.right = 'SELECT')
    AND NOT CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, needed.right)
        ELSE has_table_privilege(c.oid, needed.right) END
ORDER BY 1, 2

-- name: settings
SELECT name::text, setting FROM pg_settings WHERE name IN (
    'fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum', 'search_path', 'transaction_isolation',
    'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')

-- name: connections
-- Those there may be for everybody, those there are, and this role's own limit (-1 is none).
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
    (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user)

-- name: encryption
SELECT ssl, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()

-- name: read_only
SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on'

-- name: sequences
-- Those that would give out numbers in another order than they are asked for.
SELECT sequencename::text, cache_size, increment_by FROM pg_sequences
WHERE schemaname = current_schema() AND (cache_size <> 1 OR increment_by <> 1 OR cycle) ORDER BY 1

-- name: sitting
-- Transactions that have been open for more than a minute.
SELECT pid, coalesce(nullif(application_name, ''), 'a program'), extract(epoch FROM now() - xact_start)::bigint
FROM pg_stat_activity
WHERE datname = current_database() AND xact_start < now() - interval '1 minute' AND pid <> pg_backend_pid()
ORDER BY xact_start

-- name: others
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'taskwatch%' AND pid <> pg_backend_pid()

-- name: bloated
-- Tables with more dead rows than living ones.
SELECT relname::text, n_dead_tup, n_live_tup FROM pg_stat_user_tables
WHERE schemaname = current_schema() AND n_dead_tup > 10000 AND n_dead_tup > n_live_tup ORDER BY n_dead_tup DESC

-- name: tables
SELECT relname::text, pg_has_role(relowner, 'USAGE') FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY relname
