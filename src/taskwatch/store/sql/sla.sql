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

-- name: running
-- Every running task with a timeout, the most urgent first.
SELECT * FROM task_record WHERE due_at IS NOT NULL ORDER BY due_at, id

-- name: clocks_at
-- What each clock did at an earlier instant: the last mark of every task until then.
SELECT t.*, l.cycle, l.at, l.state, l.banked_ms, l.timeout_minutes FROM (
    SELECT ledger.*, row_number() OVER (PARTITION BY task_id ORDER BY id DESC) AS place
    FROM ledger WHERE at <= :now
) AS l JOIN task_record AS t ON t.id = l.task_id
WHERE l.place = 1 AND l.state <> 'stopped' ORDER BY t.id

-- name: alerts_due
SELECT * FROM task_record WHERE next_alert_at <= :now ORDER BY next_alert_at, id LIMIT :limit

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
FROM alerts WHERE task_id = :task_id AND cycle = :cycle ORDER BY ordinal

-- name: finished
-- Finished cycles with what they can be grouped by.
SELECT c.task_id, c.cycle, c.outcome, c.verdict, c.ended_at, c.elapsed_ms, c.implicit_start,
    t.name, t.type, w.type, c.ended_by,
    coalesce((SELECT min(coalesce(u.name, 'user:' || a.user_id)) FROM assignments AS a
        LEFT JOIN users AS u ON u.id = a.user_id WHERE a.task_id = t.id AND a.type = 'user'), c.resource),
    (SELECT min(a.role_name) FROM assignments AS a WHERE a.task_id = t.id AND a.type = 'role')
FROM cycles AS c JOIN tasks AS t ON t.id = c.task_id LEFT JOIN workflows AS w ON w.id = t.workflow_id
WHERE c.ended_at >= :since AND c.ended_at < :until ORDER BY c.ended_at, c.task_id
