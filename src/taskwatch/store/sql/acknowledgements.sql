-- name: standing
-- The newest first; those taken back are not told.
SELECT id, task_id, cycle, kind, level, user_id, reason, at, until, ended_at FROM acknowledgements
WHERE task_id = :task_id AND ended_at IS NULL AND until > :now ORDER BY id DESC

-- name: running
-- Of every task, those that end later; some were taken back.
SELECT id, task_id, cycle, kind, level, user_id, reason, at, until, ended_at FROM acknowledgements
WHERE until > :now AND at <= :now

-- name: add
INSERT INTO acknowledgements (task_id, cycle, kind, level, user_id, reason, at, until)
VALUES (:task_id, :cycle, :kind, :level, :user_id, :reason, :at, :until) RETURNING id

-- name: end
UPDATE acknowledgements SET ended_at = :at WHERE task_id = :task_id AND ended_at IS NULL AND until > :at
