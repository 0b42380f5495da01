-- name: of
SELECT user_id, channel, address, state, detail, changed_at FROM contacts
WHERE user_id = :user_id AND (CAST(:channel AS TEXT) IS NULL OR channel = :channel) ORDER BY channel, address

-- name: keep
INSERT INTO contacts (user_id, channel, address, state, detail, changed_at)
VALUES (:user_id, :channel, :address, :state, :detail, :changed_at)
ON CONFLICT (user_id, channel, address) DO UPDATE
SET state = excluded.state, detail = excluded.detail, changed_at = excluded.changed_at

-- name: remove
DELETE FROM contacts WHERE user_id = :user_id AND channel = :channel AND address = :address

-- name: failing
-- The addresses that are tried no more.
SELECT user_id, channel, address, state, detail, changed_at FROM contacts
WHERE state <> 'ok' ORDER BY changed_at DESC, user_id, channel, address
