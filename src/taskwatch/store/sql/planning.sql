-- name: cursor
SELECT value FROM meta WHERE name = 'planned'

-- name: set_cursor
INSERT INTO meta (name, value) VALUES ('planned', :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: following
-- What is to be told behind a place in the log. Of status changes only those that end a task.
SELECT seq, kind, at, task_id, payload FROM events
WHERE seq > :after AND seq <= :until AND instr(:kinds, ' ' || kind || ' ') > 0 AND task_id IS NOT NULL
    AND (kind <> 'task.status.changed' OR status IN ('completed', 'failed', 'skipped', 'cancelled'))
ORDER BY seq LIMIT :limit

-- name: admins
SELECT id FROM users WHERE admin = 1 ORDER BY id

-- name: members
SELECT user_id FROM user_roles WHERE role_name = :role_name ORDER BY user_id

-- name: level_of
SELECT level FROM alerts WHERE task_id = :task_id AND cycle = :cycle AND ordinal = :ordinal

-- name: was_alerted
SELECT 1 FROM deliveries AS d JOIN notifications AS n ON n.id = d.notification_id
WHERE d.task_id = :task_id AND (CAST(:user_id AS BIGINT) IS NULL OR d.user_id = :user_id)
    AND (CAST(:channel AS TEXT) IS NULL OR d.channel = :channel) AND d.state = 'sent'
    AND n.kind = 'task.sla.exceeded' AND n.cycle = :cycle
LIMIT 1

-- name: count_of_day
-- Messages that a person got or gets on a channel between two instants; a summary of the day before is extra.
SELECT count(DISTINCT d.notification_id) FROM deliveries AS d JOIN notifications AS n ON n.id = d.notification_id
WHERE d.user_id = :user_id AND d.channel = :channel AND d.due_at >= :begin AND d.due_at < :end
    AND d.state IN ('pending', 'leased', 'sent', 'dead') AND coalesce(d.rule, '') <> 'daily_cap'

-- name: group_end
SELECT min(due_at) FROM deliveries
WHERE state = 'suppressed' AND reason IN ('daily_cap', 'grouped') AND reason = 'grouped' AND due_at > :now
    AND user_id = :user_id AND channel = :channel AND address = :address

-- name: next_summary
SELECT min(due_at) FROM deliveries WHERE state = 'suppressed' AND reason IN ('daily_cap', 'grouped')

-- name: gathered
-- Whose summaries are due.
SELECT user_id, channel, address, reason, min(id), count(*) FROM deliveries
WHERE state = 'suppressed' AND reason IN ('daily_cap', 'grouped') AND due_at <= :now
GROUP BY user_id, channel, address, reason ORDER BY min(id)

-- name: entries
-- What a summary tells, the oldest first; what became of a task may have made it idle. What is added to a value
-- keeps the index of everything that a person was ever sent out of it.
SELECT n.task_id, n.kind, n.data FROM deliveries AS d
JOIN notifications AS n ON n.id = d.notification_id LEFT JOIN tasks AS t ON t.id = n.task_id
WHERE d.state = 'suppressed' AND d.reason IN ('daily_cap', 'grouped') AND d.reason = :reason
    AND d.due_at <= :now AND +d.user_id = :user_id AND d.channel || '' = :channel AND d.address = :address
    AND (n.kind <> 'task.sla.exceeded' OR (t.status IN ('in_progress', 'on_hold') AND t.cycle = n.cycle))
    AND (n.kind <> 'task.became.ready' OR t.status = 'ready')
ORDER BY +d.id

-- name: postpone_gathered
UPDATE deliveries SET reason = 'daily_cap', due_at = :due_at
WHERE state = 'suppressed' AND reason IN ('daily_cap', 'grouped') AND reason = :reason
    AND due_at <= :now AND +user_id = :user_id AND channel || '' = :channel AND address = :address

-- name: close_gathered
UPDATE deliveries SET reason = :closed, detail = :detail
WHERE state = 'suppressed' AND reason IN ('daily_cap', 'grouped') AND reason = :reason
    AND due_at <= :now AND +user_id = :user_id AND channel || '' = :channel AND address = :address

-- name: supersede
-- An older alert that still waits says less than the newer one.
UPDATE deliveries SET state = 'cancelled', reason = 'superseded', ended_at = :now
WHERE task_id = :task_id AND user_id = :user_id AND channel = :channel AND address = :address
    AND state = 'pending' AND notification_id <> :notification_id
    AND (SELECT n.kind FROM notifications AS n WHERE n.id = notification_id) = 'task.sla.exceeded'

-- name: add_notification
INSERT INTO notifications (key, event_seq, kind, reason, level, user_id, task_id, workflow_id, cycle, title,
    text, html, url, data, event, in_inbox, occurred_at, created_at)
VALUES (:key, :event_seq, :kind, :reason, :level, :user_id, :task_id, :workflow_id, :cycle, :title,
    :text, :html, :url, :data, :event, :in_inbox, :occurred_at, :created_at)
ON CONFLICT (key) DO NOTHING RETURNING id

-- name: add_delivery
INSERT INTO deliveries (uid, notification_id, user_id, task_id, channel, address, state, reason, rule, due_at,
    expires_at, attempt, crashes, detail, created_at, ended_at)
VALUES (:uid, :notification_id, :user_id, :task_id, :channel, :address, :state, :reason, :rule, :due_at,
    :expires_at, 0, 0, :detail, :created_at, :ended_at)
ON CONFLICT (uid) DO NOTHING

-- name: of_task
-- What was planned for a person about a task, the newest first.
SELECT n.kind, n.reason, n.level, n.created_at, d.channel, d.address, d.state, d.reason, d.rule, d.due_at,
    d.ended_at, d.attempt, d.detail
FROM deliveries AS d JOIN notifications AS n ON n.id = d.notification_id
WHERE d.task_id = :task_id AND d.user_id = :user_id ORDER BY d.id DESC LIMIT :limit

-- name: told_of_task
-- What was planned for anybody about a task, the newest first.
SELECT d.user_id, n.kind, n.reason, n.level, n.created_at, d.channel, d.address, d.state, d.reason, d.rule,
    d.due_at, d.ended_at, d.attempt, d.detail
FROM deliveries AS d JOIN notifications AS n ON n.id = d.notification_id
WHERE d.task_id = :task_id ORDER BY d.id DESC LIMIT :limit

-- name: last_delivery
SELECT coalesce(max(id), 0) FROM deliveries

-- name: next_delivery
SELECT min(due_at) FROM deliveries WHERE state = 'pending'

-- name: pretend_sent
-- For a forecast in a copy: every channel works.
UPDATE deliveries SET state = 'sent', worker = 'forecast', ended_at = :now
WHERE state = 'pending' AND due_at <= :now

-- name: foreseen
-- What came of a forecast: all deliveries about a task, and the summaries that have it.
SELECT d.user_id, u.name, d.channel, d.state, d.reason, coalesce(d.ended_at, d.due_at), n.kind, n.reason,
    n.level, n.title
FROM deliveries AS d JOIN notifications AS n ON n.id = d.notification_id JOIN users AS u ON u.id = d.user_id
WHERE (d.id > :after OR d.worker = 'forecast') AND (d.task_id = :task_id OR EXISTS (
    SELECT 1 FROM deliveries AS g WHERE g.task_id = :task_id AND g.detail = 'in the summary ' || n.id))
ORDER BY coalesce(d.ended_at, d.due_at), d.id
