-- name: schema
SELECT max(version) FROM steps

-- name: columns
SELECT column_name, CASE data_type WHEN 'bigint' THEN 'INTEGER' ELSE 'TEXT' END, is_nullable = 'NO'
FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = :table ORDER BY ordinal_position

-- name: counters
SELECT regexp_replace(sequencename::text, '_(id|seq)_seq$', '') AS name, last_value FROM pg_sequences
WHERE schemaname = current_schema() AND last_value IS NOT NULL ORDER BY name

-- name: set_counter
SELECT setval(pg_get_serial_sequence(:table, CASE :table WHEN 'events' THEN 'seq' ELSE 'id' END), :last)

-- name: unset_counter
SELECT setval(pg_get_serial_sequence(:table, CASE :table WHEN 'events' THEN 'seq' ELSE 'id' END), 1, FALSE)
