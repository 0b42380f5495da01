-- name: counts
-- In-progress tasks by standing; `now` is the last instant that counts.
SELECT
    (SELECT count(*) FROM tasks WHERE due_at IS NOT NULL),
    (SELECT count(*) FROM tasks WHERE at_risk_at <= :now),
    (SELECT count(*) FROM tasks WHERE due_at <= :now - 1000),
    (SELECT count(*) FROM tasks WHERE status = 'in_progress' AND timeout_minutes IS NULL),
    (SELECT count(*) FROM tasks WHERE status = 'on_hold')

-- name: due_before
-- Running tasks whose due instant lies at or before an instant, the most urgent first.
SELECT * FROM task_record WHERE due_at <= :due ORDER BY due_at, id

-- name: at_risk
-- Running tasks at risk that are due after an instant; the plus keeps the index of all others out of it.
SELECT * FROM task_record WHERE at_risk_at <= :now AND +due_at > :due_after ORDER BY +due_at, id

-- name: below_share
-- Running tasks with less than so many per cent of their time left that are due after an instant.
SELECT * FROM task_record
WHERE due_at > :due_after
    AND (:now - due_at + timeout_minutes * 60000) / 1000 > (100 - :percent) * timeout_minutes * 60 / 100
ORDER BY due_at, id

-- name: clocks_at
-- What each clock did at an earlier instant: the last mark of every task until then, when that cycle
-- began, how many alerts it had sent and the last one's place.
SELECT t.*, l.cycle, l.at, l.state, l.banked_ms, l.timeout_minutes,
    (SELECT min(f.at) FROM ledger AS f WHERE f.task_id = l.task_id AND f.cycle = l.cycle),
    (SELECT count(*) FROM alerts AS a
        WHERE a.task_id = l.task_id AND a.cycle = l.cycle AND a.claimed_at <= :now),
    (SELECT a.timeout_minutes * 60 + a.slot_seconds FROM alerts AS a
        WHERE a.task_id = l.task_id AND a.cycle = l.cycle AND a.claimed_at <= :now
        ORDER BY a.ordinal DESC LIMIT 1)
FROM (
    SELECT ledger.*, row_number() OVER (PARTITION BY task_id ORDER BY id DESC) AS place
    FROM ledger WHERE at <= :now AND (CAST(:task_id AS BIGINT) IS NULL OR task_id = :task_id)
) AS l JOIN task_record AS t ON t.id = l.task_id
WHERE l.place = 1 AND l.state <> 'stopped' ORDER BY t.id

-- name: held_at
-- How many tasks were on hold at an earlier instant, by the last status each was given.
SELECT count(*) FROM (
    SELECT status, row_number() OVER (PARTITION BY task_id ORDER BY seq DESC) AS place
    FROM events WHERE at <= :now AND status IS NOT NULL
) AS s WHERE s.place = 1 AND s.status = 'on_hold'

-- name: alerts_due
-- The next tasks to alert for, in the order of their slots, from behind a place in it.
SELECT * FROM task_record
WHERE next_alert_at <= :now AND (next_alert_at, id) > (:after_at, :after_id) AND status || '' = 'in_progress'
ORDER BY next_alert_at, id LIMIT :limit

-- name: next_alert
SELECT min(next_alert_at) FROM tasks WHERE next_alert_at IS NOT NULL

-- name: claim_alert
INSERT INTO alerts (task_id, cycle, ordinal, slot_seconds, slot_at, claimed_at, level, exceeded_by_seconds,
    timeout_minutes, missed)
VALUES (:task_id, :cycle, :ordinal, :slot_seconds, :slot_at, :claimed_at, :level, :exceeded_by_seconds,
    :timeout_minutes, :missed)
ON CONFLICT DO NOTHING

-- name: alerts_of
SELECT ordinal, slot_seconds, slot_at, claimed_at, level, exceeded_by_seconds, timeout_minutes, missed
FROM alerts WHERE task_id = :task_id AND cycle = :cycle AND claimed_at <= :until ORDER BY ordinal

-- name: finished
-- Finished cycles with what they can be grouped by, their first alert and the first ack after it.
SELECT c.cycle, c.outcome, c.verdict, c.ended_at, c.elapsed_ms, c.implicit_start, t.name, t.type, w.type,
    coalesce((SELECT min(coalesce(u.name, 'user:' || a.user_id)) FROM assignments AS a
        LEFT JOIN users AS u ON u.id = a.user_id WHERE a.task_id = t.id AND a.type = 'user'), c.resource),
    (SELECT min(a.role_name) FROM assignments AS a WHERE a.task_id = t.id AND a.type = 'role'),
    (SELECT a.claimed_at FROM alerts AS a
        WHERE a.task_id = c.task_id AND a.cycle = c.cycle ORDER BY a.ordinal LIMIT 1),
    (SELECT min(a.at) FROM acknowledgements AS a
        WHERE a.task_id = c.task_id AND a.cycle = c.cycle AND a.kind = 'ack')
FROM cycles AS c JOIN tasks AS t ON t.id = c.task_id LEFT JOIN workflows AS w ON w.id = t.workflow_id
WHERE c.ended_at >= :since AND c.ended_at < :until ORDER BY c.ended_at, c.task_id
