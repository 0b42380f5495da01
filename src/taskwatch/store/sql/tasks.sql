-- name: by_id
SELECT * FROM task_record WHERE id = :id

-- name: by_code
-- The newest task with this code: a later run of the same subject uses its codes again.
SELECT * FROM task_record WHERE code = :code ORDER BY id DESC LIMIT 1

-- name: similar_codes
SELECT DISTINCT code FROM tasks WHERE lower(code) LIKE lower(:prefix) || '%' ORDER BY code LIMIT 50

-- name: of_workflow
SELECT * FROM task_record WHERE workflow_id = :workflow_id ORDER BY id

-- name: open_of_workflow
SELECT * FROM task_record
WHERE workflow_id = :workflow_id AND status IN ('pending', 'ready', 'in_progress', 'on_hold', 'failed')
ORDER BY id

-- name: insert
INSERT INTO tasks (
    workflow_id, template, code, name, type, status, cycle, version, timeout_minutes, claimed_by, held_from,
    implicit_start, created_at, changed_at, ready_at, started_at, ended_at, banked_ms, running_since, due_at,
    at_risk_at, next_alert_at, alerts, alert_mark, last_alert_at
) VALUES (
    :workflow_id, :template, :code, :name, :type, :status, :cycle, :version, :timeout_minutes, :claimed_by,
    :held_from, :implicit_start, :created_at, :changed_at, :ready_at, :started_at, :ended_at, :banked_ms,
    :running_since, :due_at, :at_risk_at, :next_alert_at, :alerts, :alert_mark, :last_alert_at
) RETURNING id

-- name: insert_known
INSERT INTO tasks (
    id, workflow_id, template, code, name, type, status, cycle, version, timeout_minutes, claimed_by,
    held_from, implicit_start, created_at, changed_at, ready_at, started_at, ended_at, banked_ms,
    running_since, due_at, at_risk_at, next_alert_at, alerts, alert_mark, last_alert_at
) VALUES (
    :id, :workflow_id, :template, :code, :name, :type, :status, :cycle, :version, :timeout_minutes,
    :claimed_by, :held_from, :implicit_start, :created_at, :changed_at, :ready_at, :started_at, :ended_at,
    :banked_ms, :running_since, :due_at, :at_risk_at, :next_alert_at, :alerts, :alert_mark, :last_alert_at
)

-- name: update
-- Guarded: no row changes when somebody was first.
UPDATE tasks SET
    status = :status, cycle = :cycle, version = :version, timeout_minutes = :timeout_minutes,
    claimed_by = :claimed_by, held_from = :held_from, implicit_start = :implicit_start,
    changed_at = :changed_at, ready_at = :ready_at, started_at = :started_at, ended_at = :ended_at,
    banked_ms = :banked_ms, running_since = :running_since, due_at = :due_at, at_risk_at = :at_risk_at,
    next_alert_at = :next_alert_at, alerts = :alerts, alert_mark = :alert_mark,
    last_alert_at = :last_alert_at
WHERE id = :id AND status = :was_status AND version = :was_version

-- name: listed
-- Every filter is optional; `statuses` is a list with a space around each name.
SELECT * FROM task_record AS t
WHERE t.id > :after_id AND (CAST(:statuses AS TEXT) IS NULL OR instr(:statuses, ' ' || t.status || ' ') > 0)
    AND (CAST(:workflow_id AS BIGINT) IS NULL OR t.workflow_id = :workflow_id)
    AND (CAST(:workflow_type AS TEXT) IS NULL OR t.workflow_type = :workflow_type)
    AND (CAST(:types AS TEXT) IS NULL OR instr(:types, ' ' || t.workflow_type || ' ') > 0)
    AND (CAST(:text AS TEXT) IS NULL OR instr(lower(t.code || ' ' || t.name), lower(:text)) > 0)
    AND (CAST(:user_id AS BIGINT) IS NULL OR t.claimed_by = :user_id OR EXISTS (
        SELECT 1 FROM assignments AS a WHERE a.task_id = t.id AND (a.user_id = :user_id OR a.role_name IN (
            SELECT r.role_name FROM user_roles AS r WHERE r.user_id = :user_id))))
    AND (CAST(:role_name AS TEXT) IS NULL OR EXISTS (
        SELECT 1 FROM assignments AS a WHERE a.task_id = t.id AND a.role_name = :role_name))
ORDER BY t.id LIMIT :limit

-- name: blockers
-- The dependencies of a task that are not satisfied.
SELECT t.* FROM task_record AS t
JOIN dependencies AS d ON d.after_id = t.id
WHERE d.task_id = :id AND t.status NOT IN ('completed', 'skipped')
ORDER BY t.id

-- name: unblocked_dependents
-- Pending tasks that waited for this one and wait for nothing else.
SELECT t.* FROM task_record AS t
JOIN dependencies AS d ON d.task_id = t.id
WHERE d.after_id = :id AND t.status = 'pending' AND NOT EXISTS (
    SELECT 1 FROM dependencies AS other
    JOIN tasks AS b ON b.id = other.after_id
    WHERE other.task_id = t.id AND b.status NOT IN ('completed', 'skipped'))
ORDER BY t.id

-- name: dependencies
SELECT t.* FROM task_record AS t JOIN dependencies AS d ON d.after_id = t.id
WHERE d.task_id = :id ORDER BY t.id

-- name: dependents
SELECT t.* FROM task_record AS t JOIN dependencies AS d ON d.task_id = t.id
WHERE d.after_id = :id ORDER BY t.id

-- name: dependent_ids
SELECT task_id FROM dependencies WHERE after_id = :id ORDER BY task_id

-- name: link
INSERT INTO dependencies (task_id, after_id) VALUES (:task_id, :after_id) ON CONFLICT DO NOTHING

-- name: unlink
DELETE FROM dependencies WHERE task_id = :task_id AND after_id = :after_id

-- name: assignments
SELECT type, user_id, role_name FROM assignments WHERE task_id = :task_id ORDER BY id

-- name: assignments_of
-- For many tasks at once: `ids` is a JSON array.
SELECT task_id, type, user_id, role_name FROM assignments
WHERE task_id IN (SELECT CAST(value AS BIGINT) FROM json_each(:ids)) ORDER BY id

-- name: dependencies_of
-- For many tasks at once: which code each comes after, and whether that one is satisfied.
SELECT d.task_id, d.after_id, t.code, t.status FROM dependencies AS d JOIN tasks AS t ON t.id = d.after_id
WHERE d.task_id IN (SELECT CAST(value AS BIGINT) FROM json_each(:ids)) ORDER BY d.task_id, d.after_id

-- name: assign
INSERT INTO assignments (task_id, type, user_id, role_name)
SELECT :task_id, :type, :user_id, :role_name
WHERE NOT EXISTS (SELECT 1 FROM assignments WHERE task_id = :task_id AND type = :type
    AND user_id IS :user_id AND role_name IS :role_name)

-- name: unassign
DELETE FROM assignments
WHERE task_id = :task_id AND type = :type AND user_id IS :user_id AND role_name IS :role_name

-- name: mark
INSERT INTO ledger (task_id, cycle, at, state, banked_ms, timeout_minutes, reason)
VALUES (:task_id, :cycle, :at, :state, :banked_ms, :timeout_minutes, :reason)

-- name: marks
SELECT task_id, cycle, at, state, banked_ms, timeout_minutes, reason FROM ledger
WHERE task_id = :task_id AND cycle = :cycle AND at <= :until ORDER BY id

-- name: finish_cycle
INSERT INTO cycles (task_id, cycle, outcome, verdict, ready_at, started_at, ended_at, elapsed_ms,
    timeout_minutes, implicit_start, ended_by)
VALUES (:task_id, :cycle, :outcome, :verdict, :ready_at, :started_at, :ended_at, :elapsed_ms,
    :timeout_minutes, :implicit_start, :ended_by)

-- name: cycles
SELECT cycle, outcome, verdict, ready_at, started_at, ended_at, elapsed_ms, timeout_minutes, implicit_start,
    ended_by
FROM cycles WHERE task_id = :task_id ORDER BY cycle
