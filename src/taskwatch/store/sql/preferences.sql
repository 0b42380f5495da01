-- name: of
SELECT kind, channel, wanted FROM preferences WHERE user_id = :user_id ORDER BY kind, channel

-- name: keep
INSERT INTO preferences (user_id, kind, channel, wanted) VALUES (:user_id, :kind, :channel, :wanted)
ON CONFLICT (user_id, kind, channel) DO UPDATE SET wanted = excluded.wanted

-- name: forget
DELETE FROM preferences WHERE user_id = :user_id AND kind = :kind AND channel = :channel

-- name: quiet
SELECT begins, ends, days FROM quiet_hours WHERE user_id = :user_id

-- name: keep_quiet
INSERT INTO quiet_hours (user_id, begins, ends, days) VALUES (:user_id, :begins, :ends, :days)
ON CONFLICT (user_id) DO UPDATE SET begins = excluded.begins, ends = excluded.ends, days = excluded.days

-- name: forget_quiet
DELETE FROM quiet_hours WHERE user_id = :user_id
