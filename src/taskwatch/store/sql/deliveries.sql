-- name: is_due
-- Whether any of these channels (a JSON array) has something due, or somebody's lease ran out.
SELECT EXISTS (
    SELECT 1 FROM json_each(:channels) AS c JOIN deliveries AS d ON d.channel = c.value
    WHERE d.state = 'pending' AND d.due_at <= :now
) OR EXISTS (SELECT 1 FROM deliveries WHERE state = 'leased' AND lease_until <= :now)

-- name: next_due
-- When the earliest delivery of these channels (a JSON array) is due.
SELECT min((SELECT min(due_at) FROM deliveries AS d WHERE d.state = 'pending' AND d.channel = c.value))
FROM json_each(:channels) AS c

-- name: due
-- What a channel may send, whole; the state of the address comes with it.
SELECT d.id, d.uid, d.channel, d.address, d.attempt, d.expires_at, k.state, n.id, n.event_seq, n.kind,
    n.reason, n.level, n.task_id, n.workflow_id, n.cycle, n.title, n.text, n.html, n.url, n.data, n.event,
    n.occurred_at, u.id, u.name, u.timezone
FROM (
    SELECT * FROM deliveries
    WHERE state = 'pending' AND channel = :channel AND due_at <= :now ORDER BY due_at, id LIMIT :room
) AS d
JOIN notifications AS n ON n.id = d.notification_id
JOIN users AS u ON u.id = d.user_id
LEFT JOIN contacts AS k ON k.user_id = d.user_id AND k.channel = d.channel AND k.address = d.address
ORDER BY d.due_at, d.id

-- name: lease
UPDATE deliveries
SET state = 'leased', worker = :worker, attempt = :attempt, lease_until = :lease_until
WHERE id = :id AND state = 'pending'

-- name: begin_attempt
INSERT INTO attempts (delivery_id, attempt, worker, begun_at) VALUES (:id, :attempt, :worker, :begun_at)

-- name: withdraw
-- It is not sent any more, and why.
UPDATE deliveries SET state = :state, reason = :reason, ended_at = :now WHERE id = :id AND state = 'pending'

-- name: settle
-- Fenced: whoever lost the lease changes nothing.
UPDATE deliveries
SET state = :state, reason = :reason, attempt = :attempt, due_at = :due_at, detail = :detail,
    provider_id = coalesce(:provider_id, provider_id), crashes = 0, worker = NULL, lease_until = NULL,
    ended_at = CASE WHEN :state = 'pending' THEN NULL ELSE CAST(:now AS BIGINT) END
WHERE id = :id AND worker = :worker AND attempt = :held AND state = 'leased'

-- name: end_attempt
UPDATE attempts SET ended_at = :now, outcome = :outcome, detail = :detail
WHERE delivery_id = :id AND attempt = :held AND begun_at = :begun_at

-- name: abandoned
-- Leases that ran out: their worker died or hangs.
SELECT id, attempt, crashes FROM deliveries WHERE state = 'leased' AND lease_until <= :now
ORDER BY lease_until, id

-- name: reclaim
UPDATE deliveries
SET state = :state, reason = :reason, due_at = :due_at, crashes = crashes + 1, worker = NULL,
    lease_until = NULL, ended_at = CASE WHEN :state = 'pending' THEN NULL ELSE CAST(:now AS BIGINT) END
WHERE id = :id AND state = 'leased'

-- name: crash_attempt
UPDATE attempts SET ended_at = :now, outcome = 'crashed', detail = 'the worker did not come back'
WHERE delivery_id = :id AND ended_at IS NULL

-- name: forget_attempts
-- Those of a worker that were never sent.
DELETE FROM attempts
WHERE ended_at IS NULL
    AND delivery_id IN (SELECT id FROM deliveries WHERE state = 'leased' AND worker = :worker)

-- name: release
UPDATE deliveries SET state = 'pending', due_at = :now, attempt = attempt - 1, worker = NULL, lease_until = NULL
WHERE state = 'leased' AND worker = :worker

-- name: expire
UPDATE deliveries SET state = 'expired', reason = 'too_late', ended_at = :now
WHERE state = 'pending' AND expires_at <= :now

-- name: in_flight
SELECT count(*) FROM deliveries WHERE state = 'leased' AND channel = :channel

-- name: breaker
SELECT failures, openings, open_until, reason FROM channel_states WHERE channel = :channel

-- name: breakers
SELECT channel, failures, openings, open_until, reason, changed_at FROM channel_states ORDER BY channel

-- name: keep_breaker
INSERT INTO channel_states (channel, failures, openings, open_until, reason, changed_at)
VALUES (:channel, :failures, :openings, :open_until, :reason, :now)
ON CONFLICT (channel) DO UPDATE SET failures = :failures, openings = :openings, open_until = :open_until,
    reason = :reason, changed_at = :now

-- name: taken_since
-- Whether a task was taken from somebody after an event.
SELECT EXISTS (
    SELECT 1 FROM events WHERE task_id = :task_id AND kind = 'task.unassigned' AND seq > :seq
)

-- name: tell_admins
-- An entry in the inbox of every admin, once per dead delivery.
INSERT INTO notifications (key, event_seq, kind, reason, level, user_id, task_id, workflow_id, cycle, title,
    text, url, data, event, in_inbox, occurred_at, created_at)
SELECT 'dead:' || d.uid || ':' || u.id, n.event_seq, 'delivery.dead', 'first', n.level, u.id, n.task_id,
    n.workflow_id, n.cycle, :title, :text, n.url, n.data, n.event, 1, :now, :now
FROM deliveries AS d JOIN notifications AS n ON n.id = d.notification_id JOIN users AS u ON u.admin = 1
WHERE d.id = :id AND n.level = 'critical'
ON CONFLICT (key) DO NOTHING RETURNING user_id, id

-- name: dead
-- Dead deliveries, the newest first.
SELECT d.id, d.uid, d.user_id, d.task_id, d.channel, d.address, n.kind, n.level, n.title, d.state, d.reason,
    d.attempt, d.crashes, d.detail, d.created_at, d.ended_at
FROM deliveries AS d JOIN notifications AS n ON n.id = d.notification_id
WHERE d.state = 'dead' AND (CAST(:channel AS TEXT) IS NULL OR d.channel = :channel)
ORDER BY d.id DESC LIMIT :limit

-- name: one
SELECT d.id, d.uid, d.user_id, d.task_id, d.channel, d.address, n.kind, n.level, n.title, d.state, d.reason,
    d.attempt, d.crashes, d.detail, d.created_at, d.ended_at
FROM deliveries AS d JOIN notifications AS n ON n.id = d.notification_id
WHERE d.id = :id

-- name: text_of
SELECT n.text FROM deliveries AS d JOIN notifications AS n ON n.id = d.notification_id WHERE d.id = :id

-- name: attempts_of
SELECT attempt, worker, begun_at, ended_at, outcome, detail FROM attempts
WHERE delivery_id = :id ORDER BY begun_at, attempt

-- name: revive
-- Tried again from the beginning, under the same id.
UPDATE deliveries
SET state = 'pending', reason = NULL, attempt = 0, crashes = 0, due_at = :due_at, expires_at = :expires_at,
    ended_at = NULL
WHERE id = :id AND state IN ('dead', 'expired')

-- name: discard
UPDATE deliveries SET state = 'cancelled', reason = 'discarded', ended_at = :now
WHERE id = :id AND state = 'dead'

-- name: replayable
-- What ended without having arrived, since an instant, in the order in which it was made.
SELECT id FROM deliveries
WHERE state IN ('dead', 'expired') AND ended_at >= :since AND ended_at < :until
    AND (CAST(:channel AS TEXT) IS NULL OR channel = :channel)
ORDER BY id

-- name: add_notification
INSERT INTO notifications (key, kind, reason, user_id, title, text, url, data, event, in_inbox, occurred_at,
    created_at)
VALUES (:key, 'test', 'test', :user_id, :title, :text, :url, '{}', '{}', 0, :now, :now) RETURNING id

-- name: add_leased
-- A delivery that is sent at once, by who adds it.
INSERT INTO deliveries (uid, notification_id, user_id, channel, address, state, due_at, expires_at, attempt,
    crashes, worker, lease_until, created_at)
VALUES (:uid, :notification_id, :user_id, :channel, :address, 'leased', :now, :lease_until, 1, 0, :worker,
    :lease_until, :now)
RETURNING id

-- name: forget_old_attempts
DELETE FROM attempts WHERE (delivery_id, attempt, begun_at) IN (
    SELECT a.delivery_id, a.attempt, a.begun_at FROM attempts AS a JOIN deliveries AS d ON d.id = a.delivery_id
    WHERE a.begun_at < :before AND d.state NOT IN ('pending', 'leased', 'dead') LIMIT :limit
)

-- name: forget_old_deliveries
DELETE FROM deliveries WHERE id IN (
    SELECT id FROM deliveries
    WHERE created_at < :before AND state IN ('sent', 'expired', 'cancelled', 'suppressed')
    ORDER BY id LIMIT :limit
)

-- name: forget_old_notifications
-- Those that were read or archived, or were never in an inbox, and of which no delivery is left.
DELETE FROM notifications WHERE id IN (
    SELECT n.id FROM notifications AS n
    WHERE n.created_at < :before AND (n.in_inbox = 0 OR n.read_at < :before OR n.archived_at < :before)
        AND NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.notification_id = n.id)
    ORDER BY n.id LIMIT :limit
)

-- name: given_up
SELECT count(*) FROM deliveries WHERE state = 'dead'

-- name: waiting
-- How many deliveries of each channel wait, are under way or are dead.
SELECT channel, state, count(*) FROM deliveries WHERE state = 'pending' GROUP BY channel, state
UNION ALL SELECT channel, state, count(*) FROM deliveries WHERE state = 'leased' GROUP BY channel, state
UNION ALL SELECT channel, state, count(*) FROM deliveries WHERE state = 'dead' GROUP BY channel, state
