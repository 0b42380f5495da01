-- name: last_id
SELECT coalesce((
    SELECT last_value FROM pg_sequences
    WHERE schemaname = current_schema() AND sequencename = :table || '_id_seq'), 0)
