-- name: secret
SELECT value FROM meta WHERE name = 'link_secret'

-- name: keep_secret
INSERT INTO meta (name, value) VALUES ('link_secret', :secret) ON CONFLICT (name) DO NOTHING
