-- name: entries
-- The entries of a user's inbox before an id, the newest first.
SELECT id, kind, reason, level, task_id, workflow_id, title, text, url, data, occurred_at, created_at,
    seen_at, read_at, archived_at
FROM notifications
WHERE user_id = :user_id AND in_inbox = 1 AND id < :before
    AND (archived_at IS NOT NULL) = (:archived = 1) AND (:unread = 0 OR read_at IS NULL)
ORDER BY id DESC LIMIT :limit

-- name: chosen
-- Those of some entries that are in a user's inbox; `ids` is a JSON list.
SELECT id FROM notifications
WHERE user_id = :user_id AND in_inbox = 1 AND id IN (SELECT CAST(value AS BIGINT) FROM json_each(:ids)) ORDER BY id

-- name: unseen
SELECT id FROM notifications
WHERE user_id = :user_id AND in_inbox = 1 AND seen_at IS NULL AND read_at IS NULL AND archived_at IS NULL
ORDER BY id

-- name: unread
SELECT id FROM notifications
WHERE user_id = :user_id AND in_inbox = 1 AND read_at IS NULL AND archived_at IS NULL ORDER BY id

-- name: read
SELECT id FROM notifications
WHERE user_id = :user_id AND in_inbox = 1 AND read_at IS NOT NULL AND archived_at IS NULL ORDER BY id

-- name: mark_seen
UPDATE notifications SET seen_at = :at WHERE id = :id AND seen_at IS NULL

-- name: mark_read
UPDATE notifications SET read_at = :at, seen_at = coalesce(seen_at, :at) WHERE id = :id AND read_at IS NULL

-- name: mark_archived
UPDATE notifications SET archived_at = :at, seen_at = coalesce(seen_at, :at)
WHERE id = :id AND archived_at IS NULL

-- name: counts
-- Unread, and of those what was never seen.
SELECT count(*), count(*) FILTER (WHERE seen_at IS NULL) FROM notifications
WHERE user_id = :user_id AND in_inbox = 1 AND read_at IS NULL AND archived_at IS NULL

-- name: broadcast
-- Of some entries, the data of those that go to open pages.
SELECT n.data FROM notifications AS n
WHERE n.id IN (SELECT CAST(value AS BIGINT) FROM json_each(:ids)) AND EXISTS (
    SELECT 1 FROM deliveries AS d
    WHERE d.notification_id = n.id AND d.channel = 'broadcast' AND d.state = 'sent')
ORDER BY n.id
