-- name: hold
-- One plans at a time, while everybody else writes on.
SELECT pg_advisory_xact_lock(1952539500, 1)
