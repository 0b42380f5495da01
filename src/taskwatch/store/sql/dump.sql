-- name: schema
SELECT user_version FROM pragma_user_version

-- name: columns
-- Name, type and whether a value is required, in the order `SELECT *` gives them.
SELECT name, type, "notnull" OR pk > 0 FROM pragma_table_info(:table) ORDER BY cid

-- name: meta
-- The epoch stays behind: a database made from a dump is another event log. So do secrets.
SELECT * FROM meta WHERE name NOT IN ('epoch', 'pusher_secret', 'link_secret') ORDER BY name

-- name: moved_meta
-- Secrets go with what is moved; the epoch, and the cursor that begins with it, are the new log's own.
SELECT * FROM meta WHERE name NOT IN ('epoch', 'planned') ORDER BY name

-- name: credentials
SELECT * FROM credentials ORDER BY id

-- name: add_credentials
INSERT INTO credentials (
    id, kind, name, hash, user_id, roles, workflows, admin, parent_id, created_at, expires_at,
    revoked_at, last_used_at
) VALUES (
    :id, :kind, :name, :hash, :user_id, :roles, :workflows, :admin, :parent_id, :created_at,
    :expires_at, :revoked_at, :last_used_at
)

-- name: channel_states
SELECT * FROM channel_states ORDER BY channel

-- name: add_channel_states
INSERT INTO channel_states (channel, failures, openings, open_until, reason, changed_at)
VALUES (:channel, :failures, :openings, :open_until, :reason, :changed_at)

-- name: add_meta
-- What the new database knows of itself already stands.
INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING

-- name: users
SELECT * FROM users ORDER BY id

-- name: add_users
INSERT INTO users (id, name, email, timezone, admin, created_at)
VALUES (:id, :name, :email, :timezone, :admin, :created_at)

-- name: user_roles
SELECT * FROM user_roles ORDER BY role_name, user_id

-- name: add_user_roles
INSERT INTO user_roles (role_name, user_id, granted_at)
VALUES (:role_name, :user_id, :granted_at)

-- name: workflow_types
SELECT * FROM workflow_types ORDER BY id

-- name: add_workflow_types
INSERT INTO workflow_types (id, code, version, definition, defined_at)
VALUES (:id, :code, :version, :definition, :defined_at)

-- name: workflows
SELECT * FROM workflows ORDER BY id

-- name: add_workflows
INSERT INTO workflows (id, type_id, type, taskable_type, subject_id, status, started_at, ended_at)
VALUES (:id, :type_id, :type, :taskable_type, :subject_id, :status, :started_at, :ended_at)

-- name: tasks
SELECT * FROM tasks ORDER BY id

-- name: add_tasks
INSERT INTO tasks (
    id, workflow_id, template, code, name, type, status, cycle, version, timeout_minutes,
    claimed_by, held_from, implicit_start, created_at, changed_at, ready_at, started_at, ended_at,
    banked_ms, running_since, due_at, at_risk_at, next_alert_at, alerts, alert_mark, last_alert_at
) VALUES (
    :id, :workflow_id, :template, :code, :name, :type, :status, :cycle, :version, :timeout_minutes,
    :claimed_by, :held_from, :implicit_start, :created_at, :changed_at, :ready_at, :started_at,
    :ended_at, :banked_ms, :running_since, :due_at, :at_risk_at, :next_alert_at, :alerts,
    :alert_mark, :last_alert_at
)

-- name: dependencies
SELECT * FROM dependencies ORDER BY task_id, after_id

-- name: add_dependencies
INSERT INTO dependencies (task_id, after_id)
VALUES (:task_id, :after_id)

-- name: assignments
SELECT * FROM assignments ORDER BY id

-- name: add_assignments
INSERT INTO assignments (id, task_id, type, user_id, role_name)
VALUES (:id, :task_id, :type, :user_id, :role_name)

-- name: ledger
SELECT * FROM ledger ORDER BY id

-- name: add_ledger
INSERT INTO ledger (id, task_id, cycle, at, state, banked_ms, timeout_minutes, reason)
VALUES (:id, :task_id, :cycle, :at, :state, :banked_ms, :timeout_minutes, :reason)

-- name: cycles
SELECT * FROM cycles ORDER BY task_id, cycle

-- name: add_cycles
INSERT INTO cycles (
    task_id, cycle, outcome, verdict, ready_at, started_at, ended_at, elapsed_ms, timeout_minutes,
    implicit_start, ended_by, resource
) VALUES (
    :task_id, :cycle, :outcome, :verdict, :ready_at, :started_at, :ended_at, :elapsed_ms,
    :timeout_minutes, :implicit_start, :ended_by, :resource
)

-- name: alerts
SELECT * FROM alerts ORDER BY task_id, cycle, ordinal

-- name: add_alerts
INSERT INTO alerts (
    task_id, cycle, ordinal, slot_seconds, slot_at, claimed_at, level, exceeded_by_seconds,
    timeout_minutes, missed
) VALUES (
    :task_id, :cycle, :ordinal, :slot_seconds, :slot_at, :claimed_at, :level, :exceeded_by_seconds,
    :timeout_minutes, :missed
)

-- name: events
SELECT * FROM events ORDER BY seq

-- name: add_events
INSERT INTO events (seq, kind, at, task_id, workflow_id, status, topics, payload, origin)
VALUES (:seq, :kind, :at, :task_id, :workflow_id, :status, :topics, :payload, :origin)

-- name: idempotency
SELECT * FROM idempotency ORDER BY key

-- name: add_idempotency
INSERT INTO idempotency (key, fingerprint, answer, at)
VALUES (:key, :fingerprint, :answer, :at)

-- name: imported
SELECT * FROM imported ORDER BY source

-- name: add_imported
INSERT INTO imported (source, task_id)
VALUES (:source, :task_id)

-- name: notifications
SELECT * FROM notifications ORDER BY id

-- name: add_notifications
INSERT INTO notifications (
    id, key, event_seq, kind, reason, level, user_id, task_id, workflow_id, cycle, title, text,
    html, url, data, event, in_inbox, occurred_at, created_at, seen_at, read_at, archived_at
) VALUES (
    :id, :key, :event_seq, :kind, :reason, :level, :user_id, :task_id, :workflow_id, :cycle,
    :title, :text, :html, :url, :data, :event, :in_inbox, :occurred_at, :created_at, :seen_at,
    :read_at, :archived_at
)

-- name: deliveries
SELECT * FROM deliveries ORDER BY id

-- name: add_deliveries
INSERT INTO deliveries (
    id, uid, notification_id, user_id, task_id, channel, address, state, reason, rule, due_at,
    expires_at, attempt, crashes, worker, lease_until, provider_id, detail, created_at,
    ended_at
) VALUES (
    :id, :uid, :notification_id, :user_id, :task_id, :channel, :address, :state, :reason,
    :rule, :due_at, :expires_at, :attempt, :crashes, :worker, :lease_until, :provider_id,
    :detail, :created_at, :ended_at
)

-- name: attempts
SELECT * FROM attempts ORDER BY delivery_id, attempt, begun_at

-- name: add_attempts
INSERT INTO attempts (delivery_id, attempt, worker, begun_at, ended_at, outcome, detail)
VALUES (:delivery_id, :attempt, :worker, :begun_at, :ended_at, :outcome, :detail)

-- name: contacts
SELECT * FROM contacts ORDER BY user_id, channel, address

-- name: add_contacts
INSERT INTO contacts (user_id, channel, address, state, detail, changed_at)
VALUES (:user_id, :channel, :address, :state, :detail, :changed_at)

-- name: preferences
SELECT * FROM preferences ORDER BY user_id, kind, channel

-- name: add_preferences
INSERT INTO preferences (user_id, kind, channel, wanted)
VALUES (:user_id, :kind, :channel, :wanted)

-- name: quiet_hours
SELECT * FROM quiet_hours ORDER BY user_id

-- name: add_quiet_hours
INSERT INTO quiet_hours (user_id, begins, ends, days)
VALUES (:user_id, :begins, :ends, :days)

-- name: acknowledgements
SELECT * FROM acknowledgements ORDER BY id

-- name: add_acknowledgements
INSERT INTO acknowledgements (id, task_id, cycle, kind, level, user_id, reason, at, until, ended_at)
VALUES (:id, :task_id, :cycle, :kind, :level, :user_id, :reason, :at, :until, :ended_at)

-- name: mutes
SELECT * FROM mutes ORDER BY id

-- name: add_mutes
INSERT INTO mutes (id, scope, target, user_id, reason, at, until, ended_at)
VALUES (:id, :scope, :target, :user_id, :reason, :at, :until, :ended_at)

-- name: counters
-- The last id each table ever gave out: ids are not used again.
SELECT name, seq FROM sqlite_sequence ORDER BY name

-- name: set_counter
UPDATE sqlite_sequence SET seq = :last WHERE name = :table

-- name: unset_counter
DELETE FROM sqlite_sequence WHERE name = :table

-- name: add_counter
INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)

-- name: size
-- How many rows there are in all.
SELECT
    (SELECT count(*) FROM users)
    + (SELECT count(*) FROM user_roles)
    + (SELECT count(*) FROM workflow_types)
    + (SELECT count(*) FROM workflows)
    + (SELECT count(*) FROM tasks)
    + (SELECT count(*) FROM dependencies)
    + (SELECT count(*) FROM assignments)
    + (SELECT count(*) FROM ledger)
    + (SELECT count(*) FROM cycles)
    + (SELECT count(*) FROM alerts)
    + (SELECT count(*) FROM events)
    + (SELECT count(*) FROM idempotency)
    + (SELECT count(*) FROM imported)
    + (SELECT count(*) FROM notifications)
    + (SELECT count(*) FROM deliveries)
    + (SELECT count(*) FROM attempts)
    + (SELECT count(*) FROM contacts)
    + (SELECT count(*) FROM preferences)
    + (SELECT count(*) FROM quiet_hours)
    + (SELECT count(*) FROM acknowledgements)
    + (SELECT count(*) FROM mutes)

-- name: left_out
-- The rows that no dump has, but a move.
SELECT
    (SELECT count(*) FROM credentials)
    + (SELECT count(*) FROM channel_states)
    + (SELECT count(*) FROM meta WHERE name NOT IN ('epoch', 'planned'))
