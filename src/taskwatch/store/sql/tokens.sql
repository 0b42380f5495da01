-- name: add
INSERT INTO credentials (
    kind, name, hash, user_id, roles, workflows, admin, parent_id, created_at, expires_at
) VALUES (
    :kind, :name, :hash, :user_id, :roles, :workflows, :admin, :parent_id, :created_at, :expires_at
) RETURNING id

-- name: note_guarded
-- From the first token on, nobody comes in without one; not even when no token is left.
INSERT INTO meta (name, value) VALUES ('guarded', 'yes') ON CONFLICT (name) DO NOTHING

-- name: guarded
SELECT EXISTS (SELECT 1 FROM meta WHERE name = 'guarded')

-- name: all
SELECT * FROM credentials WHERE kind = 'token' ORDER BY id

-- name: by_id
SELECT * FROM credentials WHERE id = :id

-- name: by_hash
SELECT * FROM credentials WHERE hash = :hash

-- name: by_name
SELECT * FROM credentials WHERE kind = 'token' AND name = :name AND revoked_at IS NULL

-- name: revoke
UPDATE credentials SET revoked_at = :at WHERE id = :id AND kind = 'token' AND revoked_at IS NULL

-- name: end_derived
-- The sessions and tickets of a token or session; what came from those goes with them.
DELETE FROM credentials WHERE parent_id = :id

-- name: end_session
DELETE FROM credentials WHERE hash = :hash AND kind = 'session' RETURNING parent_id

-- name: take_ticket
-- Whoever deletes it has it: a ticket lets in once, however many processes are asked.
DELETE FROM credentials WHERE hash = :hash AND kind = 'ticket' AND expires_at > :now

-- name: forget_passed
DELETE FROM credentials WHERE kind <> 'token' AND expires_at <= :now

-- name: touch
UPDATE credentials SET last_used_at = :now
WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= :now - 60000)

-- name: app_secret
SELECT value FROM meta WHERE name = 'pusher_secret'

-- name: keep_app_secret
INSERT INTO meta (name, value) VALUES ('pusher_secret', :secret) ON CONFLICT (name) DO NOTHING

-- name: user_is_admin
SELECT admin FROM users WHERE id = :id
