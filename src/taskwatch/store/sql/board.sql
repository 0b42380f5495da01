-- name: counts
-- Like sla.counts, for the tasks that pass the filters; each of those is optional.
SELECT count(t.due_at),
    count(*) FILTER (WHERE t.at_risk_at <= :now),
    count(*) FILTER (WHERE t.due_at <= :now - 1000),
    count(*) FILTER (WHERE t.status = 'in_progress' AND t.timeout_minutes IS NULL),
    count(*) FILTER (WHERE t.status = 'on_hold')
FROM task_record AS t
WHERE t.status IN ('in_progress', 'on_hold')
    AND (CAST(:workflow_type AS TEXT) IS NULL OR t.workflow_type = :workflow_type)
    AND (CAST(:types AS TEXT) IS NULL OR instr(:types, ' ' || t.workflow_type || ' ') > 0)
    AND (CAST(:user_id AS BIGINT) IS NULL OR t.claimed_by = :user_id OR EXISTS (
        SELECT 1 FROM assignments AS a WHERE a.task_id = t.id AND (a.user_id = :user_id OR a.role_name IN (
            SELECT r.role_name FROM user_roles AS r WHERE r.user_id = :user_id))))
    AND (CAST(:role_name AS TEXT) IS NULL OR EXISTS (
        SELECT 1 FROM assignments AS a WHERE a.task_id = t.id AND a.role_name = :role_name))

-- name: urgent
-- Tasks at risk or late that are due within bounds, the most urgent first, with the same filters. The pluses
-- keep the index of all that run out of it.
SELECT t.* FROM task_record AS t
WHERE t.at_risk_at <= :now AND +t.due_at > :due_after AND +t.due_at <= :due_until
    AND (CAST(:workflow_type AS TEXT) IS NULL OR t.workflow_type = :workflow_type)
    AND (CAST(:types AS TEXT) IS NULL OR instr(:types, ' ' || t.workflow_type || ' ') > 0)
    AND (CAST(:user_id AS BIGINT) IS NULL OR t.claimed_by = :user_id OR EXISTS (
        SELECT 1 FROM assignments AS a WHERE a.task_id = t.id AND (a.user_id = :user_id OR a.role_name IN (
            SELECT r.role_name FROM user_roles AS r WHERE r.user_id = :user_id))))
    AND (CAST(:role_name AS TEXT) IS NULL OR EXISTS (
        SELECT 1 FROM assignments AS a WHERE a.task_id = t.id AND a.role_name = :role_name))
ORDER BY +t.due_at, t.id LIMIT :limit

-- name: next_step
-- When the next task comes to be at risk, or late.
SELECT min(at) FROM (
    SELECT min(at_risk_at) AS at FROM tasks WHERE at_risk_at > :now
    UNION ALL
    SELECT min(due_at) + 1000 FROM tasks WHERE due_at > :now - 1000) AS steps
