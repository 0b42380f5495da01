-- name: row_counts
SELECT 'users', count(*) FROM users
UNION ALL SELECT 'workflow_types', count(*) FROM workflow_types
UNION ALL SELECT 'workflows', count(*) FROM workflows
UNION ALL SELECT 'tasks', count(*) FROM tasks
UNION ALL SELECT 'cycles', count(*) FROM cycles
UNION ALL SELECT 'alerts', count(*) FROM alerts
UNION ALL SELECT 'events', count(*) FROM events
UNION ALL SELECT 'idempotency', count(*) FROM idempotency

-- name: misbanked
-- Tasks whose counted time is not what the running stretches of their present cycle add up to.
WITH stretches AS (
    SELECT l.task_id, l.at, l.state, lead(l.at) OVER (PARTITION BY l.task_id ORDER BY l.id) AS until
    FROM ledger AS l JOIN tasks AS t ON t.id = l.task_id AND t.cycle = l.cycle
), sums AS (
    SELECT task_id, coalesce(sum(until - at) FILTER (WHERE state = 'running'), 0) AS ran, max(at) AS last_at
    FROM stretches GROUP BY task_id
)
SELECT t.code, t.banked_ms, coalesce(s.ran, 0) FROM tasks AS t LEFT JOIN sums AS s ON s.task_id = t.id
WHERE coalesce(s.ran, 0) <> t.banked_ms + coalesce(s.last_at - t.running_since, 0) LIMIT 20
