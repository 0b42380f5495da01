-- name: add
INSERT INTO users (id, name, email, timezone, admin, created_at)
VALUES (coalesce(:id, nextval('users_id_seq')), :name, :email, :timezone, :admin, :created_at) RETURNING id
