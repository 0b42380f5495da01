-- name: known
-- Which of these rows are here already: `sources` is a JSON array.
SELECT source FROM imported WHERE source IN (SELECT value FROM json_each(:sources))

-- name: remember
INSERT INTO imported (source, task_id) VALUES (?, ?)

-- name: last_id
-- The last id a table gave out.
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = :table), 0)

-- name: case
-- The newest finished run of a case.
SELECT id, started_at, ended_at FROM workflows
WHERE type = :type AND taskable_type = 'Case' AND subject_id = :subject_id AND status = 'completed'
ORDER BY id DESC LIMIT 1

-- name: repetitions
-- How often each activity of a case is here.
SELECT template, count(*) FROM tasks WHERE workflow_id = :workflow_id AND template IS NOT NULL
GROUP BY template

-- name: begin_case
INSERT INTO workflows (id, type_id, type, taskable_type, subject_id, status, started_at, ended_at)
VALUES (?, ?, ?, 'Case', ?, 'completed', ?, ?)

-- name: settle_case
UPDATE workflows SET type_id = ?, started_at = ?, ended_at = ? WHERE id = ?

-- name: finish_cycle
INSERT INTO cycles (task_id, cycle, outcome, verdict, ready_at, started_at, ended_at, elapsed_ms,
    timeout_minutes, implicit_start, resource)
VALUES (?, 1, 'completed', ?, ?, ?, ?, ?, ?, 0, ?)

-- name: complete_type
UPDATE workflow_types SET definition = :definition WHERE id = :id
