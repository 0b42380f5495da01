-- name: standing
-- Those that are neither ended nor over.
SELECT id, scope, target, user_id, reason, at, until, ended_at FROM mutes
WHERE ended_at IS NULL AND until > :now ORDER BY id

-- name: all
SELECT id, scope, target, user_id, reason, at, until, ended_at FROM mutes ORDER BY id

-- name: by_id
SELECT id, scope, target, user_id, reason, at, until, ended_at FROM mutes WHERE id = :id

-- name: add
INSERT INTO mutes (scope, target, user_id, reason, at, until)
VALUES (:scope, :target, :user_id, :reason, :at, :until) RETURNING id

-- name: end
UPDATE mutes SET ended_at = :at WHERE id = :id AND ended_at IS NULL AND until > :at
