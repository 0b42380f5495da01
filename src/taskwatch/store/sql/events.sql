-- name: record
INSERT INTO events (kind, at, task_id, workflow_id, status, topics, payload, origin)
VALUES (:kind, :at, :task_id, :workflow_id, :status, :topics, :payload, :origin)

-- name: page
-- What follows a cursor; every filter is optional. Each of `topics` (a JSON array) begins with a space, and
-- ends with one if exact: LIKE would take `Order.A1` for `order.a1`.
SELECT seq, kind, at, topics, payload FROM events
WHERE seq > :after AND seq <= :until
    AND (CAST(:kinds AS TEXT) IS NULL OR instr(:kinds, ' ' || kind || ' ') > 0)
    AND (CAST(:topics AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM json_each(:topics) AS one WHERE instr(topics, one.value) > 0))
    AND (CAST(:since AS BIGINT) IS NULL OR at >= :since)
ORDER BY seq LIMIT :limit

-- name: newest
-- The last ones, newest first, with the same filters.
SELECT seq, kind, at, topics, payload FROM events
WHERE seq <= :until
    AND (CAST(:kinds AS TEXT) IS NULL OR instr(:kinds, ' ' || kind || ' ') > 0)
    AND (CAST(:topics AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM json_each(:topics) AS one WHERE instr(topics, one.value) > 0))
    AND (CAST(:since AS BIGINT) IS NULL OR at >= :since)
ORDER BY seq DESC LIMIT :limit

-- name: facts
-- What the relay sends on, as it is kept.
SELECT seq, kind, at, topics, payload, origin FROM events
WHERE seq > :after AND seq <= :until
ORDER BY seq LIMIT :limit

-- name: of_task
SELECT seq, kind, at, topics, payload FROM events WHERE task_id = :task_id ORDER BY seq

-- name: last
SELECT coalesce(max(seq), 0) FROM events

-- name: newest_at
SELECT max(at) FROM events

-- name: first
SELECT coalesce(min(seq), 0) FROM events

-- name: state
-- The log as a whole: which one it is, up to where it may have gaps, and its last number.
SELECT epoch.value, coalesce((SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'pruned'), 0),
    (SELECT coalesce(max(seq), 0) FROM events)
FROM meta AS epoch WHERE epoch.name = 'epoch'

-- name: epoch
SELECT value FROM meta WHERE name = 'epoch'

-- name: renew_epoch
UPDATE meta SET value = :epoch WHERE name = 'epoch'

-- name: prunable
-- What is older and no longer needed to prove any task's present state: how many, and the last of them.
SELECT count(*), max(e.seq) FROM events AS e
WHERE e.at < :before AND (e.status IS NULL OR EXISTS (
    SELECT 1 FROM events AS later
    WHERE later.task_id = e.task_id AND later.seq > e.seq AND later.status IS NOT NULL))

-- name: prune
-- The same, in one stretch of the log.
DELETE FROM events AS e
WHERE e.seq > :after AND e.seq <= :until AND e.at < :before AND (e.status IS NULL OR EXISTS (
    SELECT 1 FROM events AS later
    WHERE later.task_id = e.task_id AND later.seq > e.seq AND later.status IS NOT NULL))

-- name: pruned
SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'pruned'

-- name: note_pruned
-- Up to where the log may have gaps: a reader that stopped before must begin anew.
INSERT INTO meta (name, value) VALUES ('pruned', CAST(:seq AS TEXT))
ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE CAST(meta.value AS BIGINT) < CAST(:seq AS BIGINT)

-- name: disagreeing
-- Tasks whose state is not what their last event says.
SELECT code, status, told FROM (
    SELECT t.code, t.status, (
        SELECT e.status FROM events AS e WHERE e.task_id = t.id AND e.status IS NOT NULL
        ORDER BY e.seq DESC LIMIT 1) AS told
    FROM tasks AS t) AS task
WHERE coalesce(told, '') <> status LIMIT 20

-- name: remember
-- One that has passed may still stand there.
INSERT INTO idempotency (key, fingerprint, answer, at) VALUES (:key, :fingerprint, :answer, :at)
ON CONFLICT (key) DO UPDATE SET fingerprint = :fingerprint, answer = :answer, at = :at

-- name: remembered
SELECT fingerprint, answer FROM idempotency WHERE key = :key AND at >= :since

-- name: forget
DELETE FROM idempotency WHERE at < :before

-- name: forgettable
SELECT count(*) FROM idempotency WHERE at < :before
