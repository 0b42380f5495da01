-- name: user
SELECT id, name, email, timezone, admin, created_at FROM users WHERE id = :id

-- name: name
SELECT name FROM users WHERE id = :id

-- name: users
SELECT id, name, email, timezone, admin, created_at FROM users ORDER BY id

-- name: add
INSERT INTO users (id, name, email, timezone, admin, created_at)
VALUES (:id, :name, :email, :timezone, :admin, :created_at) RETURNING id

-- name: edit
UPDATE users SET name = :name, email = :email, timezone = :timezone, admin = :admin WHERE id = :id

-- name: remove
DELETE FROM users WHERE id = :id

-- name: open_assignments
-- What still waits for this user: assigned to or claimed by.
SELECT t.* FROM task_record AS t
WHERE t.status IN ('pending', 'ready', 'in_progress', 'on_hold') AND (t.claimed_by = :id OR EXISTS (
    SELECT 1 FROM assignments AS a WHERE a.task_id = t.id AND a.user_id = :id))
ORDER BY t.id

-- name: forget_assignments
DELETE FROM assignments WHERE user_id = :id

-- name: roles_of
SELECT role_name FROM user_roles WHERE user_id = :id ORDER BY role_name

-- name: memberships
SELECT role_name, user_id FROM user_roles ORDER BY role_name, user_id

-- name: roles
-- Every role that somebody has or some task is assigned to.
SELECT name, sum(members), sum(waiting) FROM (
    SELECT role_name AS name, count(*) AS members, 0 AS waiting FROM user_roles GROUP BY role_name
    UNION ALL
    SELECT a.role_name, 0, count(*) FROM assignments AS a JOIN tasks AS t ON t.id = a.task_id
    WHERE a.role_name IS NOT NULL AND t.status IN ('pending', 'ready', 'in_progress', 'on_hold')
    GROUP BY a.role_name
) AS roles GROUP BY name ORDER BY name

-- name: grant
INSERT INTO user_roles (role_name, user_id, granted_at) VALUES (:role_name, :user_id, :granted_at)
ON CONFLICT DO NOTHING

-- name: revoke
DELETE FROM user_roles WHERE role_name = :role_name AND user_id = :user_id
