-- name: type_latest
SELECT id, code, version, definition, defined_at FROM workflow_types
WHERE code = :code ORDER BY version DESC LIMIT 1

-- name: type_version
SELECT id, code, version, definition, defined_at FROM workflow_types WHERE code = :code AND version = :version

-- name: types
-- The newest version of each.
SELECT id, code, version, definition, defined_at FROM workflow_types AS t
WHERE version = (SELECT max(version) FROM workflow_types WHERE code = t.code) ORDER BY code

-- name: type_codes
SELECT DISTINCT code FROM workflow_types ORDER BY code

-- name: active_by_code
SELECT type, count(*) FROM workflows WHERE status = 'active' GROUP BY type

-- name: version_of
SELECT t.version FROM workflow_types AS t JOIN workflows AS w ON w.type_id = t.id WHERE w.id = :id

-- name: define
INSERT INTO workflow_types (code, version, definition, defined_at)
VALUES (:code, :version, :definition, :defined_at) RETURNING id

-- name: start
INSERT INTO workflows (type_id, type, taskable_type, subject_id, status, started_at, ended_at)
VALUES (:type_id, :type, :taskable_type, :subject_id, :status, :started_at, :ended_at) RETURNING id

-- name: by_id
SELECT id, type_id, type, taskable_type, subject_id, status, started_at, ended_at FROM workflows WHERE id = :id

-- name: active
SELECT id, type_id, type, taskable_type, subject_id, status, started_at, ended_at FROM workflows
WHERE type = :type AND taskable_type = :taskable_type AND subject_id = :subject_id AND status = 'active'

-- name: by_subject
-- The active run first, then the newest.
SELECT id, type_id, type, taskable_type, subject_id, status, started_at, ended_at FROM workflows
WHERE type = :type AND subject_id = :subject_id AND (CAST(:taskable_type AS TEXT) IS NULL OR taskable_type = :taskable_type)
ORDER BY status = 'active' DESC, id DESC

-- name: listed
SELECT w.id, w.type_id, w.type, w.taskable_type, w.subject_id, w.status, w.started_at, w.ended_at,
    count(t.id), count(t.id) FILTER (WHERE t.status IN ('completed', 'skipped')),
    count(t.id) FILTER (WHERE t.due_at + 1000 <= :now), count(t.id) FILTER (WHERE t.status = 'failed')
FROM workflows AS w LEFT JOIN tasks AS t ON t.workflow_id = w.id
WHERE (CAST(:status AS TEXT) IS NULL OR w.status = :status) AND (CAST(:type AS TEXT) IS NULL OR w.type = :type)
    AND (CAST(:before_id AS BIGINT) IS NULL OR w.id < :before_id)
    AND (CAST(:types AS TEXT) IS NULL OR instr(:types, ' ' || w.type || ' ') > 0)
    AND (CAST(:text AS TEXT) IS NULL OR instr(lower(w.subject_id), lower(:text)) > 0)
    AND (:late = 0 OR EXISTS (
        SELECT 1 FROM tasks AS l WHERE l.workflow_id = w.id AND l.due_at + 1000 <= :now))
GROUP BY w.id ORDER BY w.id DESC LIMIT :limit

-- name: count_listed
-- How many the same filters find.
SELECT count(*) FROM workflows AS w
WHERE (CAST(:status AS TEXT) IS NULL OR w.status = :status) AND (CAST(:type AS TEXT) IS NULL OR w.type = :type)
    AND (CAST(:types AS TEXT) IS NULL OR instr(:types, ' ' || w.type || ' ') > 0)
    AND (CAST(:text AS TEXT) IS NULL OR instr(lower(w.subject_id), lower(:text)) > 0)
    AND (:late = 0 OR EXISTS (
        SELECT 1 FROM tasks AS l WHERE l.workflow_id = w.id AND l.due_at + 1000 <= :now))

-- name: unsatisfied
-- How many of its tasks are neither completed nor skipped.
SELECT count(*) FROM tasks WHERE workflow_id = :id AND status NOT IN ('completed', 'skipped')

-- name: settle
UPDATE workflows SET status = :status, ended_at = :ended_at WHERE id = :id AND status = :was_status

-- name: edges
SELECT d.task_id, d.after_id FROM dependencies AS d JOIN tasks AS t ON t.id = d.task_id
WHERE t.workflow_id = :workflow_id ORDER BY d.task_id, d.after_id
