-- name: hold
-- Let nobody else use this idempotency key meanwhile.
SELECT pg_advisory_xact_lock(1952539501, hashtext(:key))

-- name: writers
-- The last number that is visible, and, unless it is known, who holds the fence: they may own lower ones that are
-- not visible yet. Who holds it alone does not: its numbers are higher than all that was visible before it came.
-- The locks are looked at after the rows: a statement takes its snapshot first.
SELECT last, CASE WHEN last <> :known THEN ARRAY(
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 1952543595 AND objid = 1717923427 AND objsubid = 1 AND granted
        AND mode = 'ShareLock' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) END
FROM (SELECT coalesce(max(seq), 0) AS last FROM events) AS log

-- name: forget
-- What somebody else is about to forget is left to them.
DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at < :before FOR UPDATE SKIP LOCKED)
