-- name: alerts_due
-- Whoever else alerts or moves one of them has it already.
SELECT t.id, t.workflow_id, t.template, t.code, t.name, t.type, t.status, t.cycle, t.version,
    t.timeout_minutes, t.claimed_by, t.held_from, t.implicit_start, t.created_at, t.changed_at,
    t.ready_at, t.started_at, t.ended_at, t.banked_ms, t.running_since, t.due_at, t.at_risk_at,
    t.next_alert_at, t.alerts, t.alert_mark, t.last_alert_at, w.type, w.taskable_type, w.subject_id
FROM tasks AS t LEFT JOIN workflows AS w ON w.id = t.workflow_id
WHERE t.next_alert_at <= :now AND (t.next_alert_at, t.id) > (:after_at, :after_id) AND t.status = 'in_progress'
ORDER BY t.next_alert_at, t.id LIMIT :limit FOR NO KEY UPDATE OF t SKIP LOCKED
