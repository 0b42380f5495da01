-- name: hold
-- One at a time looks at channels that do not work and learns of failures; both are JSON arrays. Always in the
-- same order, so that no two wait for each other.
SELECT pg_advisory_xact_lock(1952539502, place) FROM (
    SELECT DISTINCT hashtext(channel) AS place FROM (
        SELECT value AS channel FROM json_each(:failed)
        UNION ALL SELECT channel FROM channel_states
        WHERE failures + openings > 0 AND channel IN (SELECT value FROM json_each(:channels))
    ) AS wanted ORDER BY place OFFSET 0
) AS places

-- name: due
-- What another worker is about to claim is left to it.
SELECT d.id, d.uid, d.channel, d.address, d.attempt, d.expires_at, k.state, n.id, n.event_seq, n.kind,
    n.reason, n.level, n.task_id, n.workflow_id, n.cycle, n.title, n.text, n.html, n.url, n.data, n.event,
    n.occurred_at, u.id, u.name, u.timezone
FROM (
    SELECT * FROM deliveries
    WHERE state = 'pending' AND channel = :channel AND due_at <= :now ORDER BY due_at, id LIMIT :room
    FOR NO KEY UPDATE SKIP LOCKED
) AS d
JOIN notifications AS n ON n.id = d.notification_id
JOIN users AS u ON u.id = d.user_id
LEFT JOIN contacts AS k ON k.user_id = d.user_id AND k.channel = d.channel AND k.address = d.address
ORDER BY d.due_at, d.id

-- name: abandoned
SELECT id, attempt, crashes FROM deliveries WHERE state = 'leased' AND lease_until <= :now
ORDER BY lease_until, id FOR NO KEY UPDATE SKIP LOCKED
