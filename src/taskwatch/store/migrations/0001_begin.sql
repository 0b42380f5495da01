-- The record. Instants are integer milliseconds UTC, durations whole minutes or milliseconds by name.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT,
    timezone TEXT,
    admin INTEGER NOT NULL CHECK (admin IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE user_roles (
    role_name TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (role_name, user_id)
) STRICT;

CREATE INDEX user_roles_by_user ON user_roles (user_id);

CREATE TABLE workflow_types (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    defined_at INTEGER NOT NULL,
    UNIQUE (code, version)
) STRICT;

CREATE TABLE workflows (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type_id INTEGER NOT NULL REFERENCES workflow_types (id),
    type TEXT NOT NULL,
    taskable_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'completed', 'cancelled')),
    started_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

-- One active run per subject: starting it twice is a conflict.
CREATE UNIQUE INDEX workflows_active ON workflows (type, taskable_type, subject_id) WHERE status = 'active';
CREATE INDEX workflows_by_subject ON workflows (type, subject_id);

CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow_id INTEGER REFERENCES workflows (id),
    template TEXT,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN
        ('pending', 'ready', 'in_progress', 'on_hold', 'completed', 'failed', 'skipped', 'cancelled')),
    cycle INTEGER NOT NULL,
    version INTEGER NOT NULL,
    timeout_minutes INTEGER CHECK (timeout_minutes > 0),
    claimed_by INTEGER REFERENCES users (id) ON DELETE SET NULL,
    held_from TEXT,
    implicit_start INTEGER NOT NULL CHECK (implicit_start IN (0, 1)),
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    ready_at INTEGER,
    started_at INTEGER,
    ended_at INTEGER,
    banked_ms INTEGER NOT NULL,
    running_since INTEGER,
    due_at INTEGER,
    at_risk_at INTEGER,
    next_alert_at INTEGER,
    alerts INTEGER NOT NULL,
    alert_mark INTEGER,
    last_alert_at INTEGER
) STRICT;

CREATE INDEX tasks_by_code ON tasks (code);
CREATE INDEX tasks_by_workflow ON tasks (workflow_id);
CREATE INDEX tasks_by_status ON tasks (status);
CREATE INDEX tasks_by_holder ON tasks (claimed_by) WHERE claimed_by IS NOT NULL;
-- The clocks: set only while a task with a timeout runs, so their cost follows what runs and what is due.
CREATE INDEX tasks_due ON tasks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX tasks_at_risk ON tasks (at_risk_at) WHERE at_risk_at IS NOT NULL;
CREATE INDEX tasks_next_alert ON tasks (next_alert_at) WHERE next_alert_at IS NOT NULL;
CREATE INDEX tasks_untracked ON tasks (status) WHERE status = 'in_progress' AND timeout_minutes IS NULL;

CREATE TABLE dependencies (
    task_id INTEGER NOT NULL REFERENCES tasks (id),
    after_id INTEGER NOT NULL REFERENCES tasks (id),
    PRIMARY KEY (task_id, after_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX dependencies_by_after ON dependencies (after_id, task_id);

CREATE TABLE assignments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL REFERENCES tasks (id),
    type TEXT NOT NULL CHECK (type IN ('user', 'role')),
    user_id INTEGER REFERENCES users (id),
    role_name TEXT,
    CHECK ((type = 'user') = (user_id IS NOT NULL) AND (type = 'role') = (role_name IS NOT NULL))
) STRICT;

CREATE INDEX assignments_by_task ON assignments (task_id);
CREATE INDEX assignments_by_user ON assignments (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX assignments_by_role ON assignments (role_name) WHERE role_name IS NOT NULL;

-- Append-only: from `at` on, the clock of this cycle is running, paused or stopped.
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL REFERENCES tasks (id),
    cycle INTEGER NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'stopped')),
    banked_ms INTEGER NOT NULL,
    timeout_minutes INTEGER,
    reason TEXT
) STRICT;

CREATE INDEX ledger_by_task ON ledger (task_id, id);

-- One row per finished cycle: its verdict never changes. `resource` is who an imported log says did it.
CREATE TABLE cycles (
    task_id INTEGER NOT NULL REFERENCES tasks (id),
    cycle INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    verdict TEXT NOT NULL,
    ready_at INTEGER,
    started_at INTEGER,
    ended_at INTEGER NOT NULL,
    elapsed_ms INTEGER NOT NULL,
    timeout_minutes INTEGER,
    implicit_start INTEGER NOT NULL,
    ended_by INTEGER,
    resource TEXT,
    PRIMARY KEY (task_id, cycle)
) STRICT, WITHOUT ROWID;

CREATE INDEX cycles_by_end ON cycles (ended_at);

-- One row per alert: the key makes it once, whoever asks.
CREATE TABLE alerts (
    task_id INTEGER NOT NULL REFERENCES tasks (id),
    cycle INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    slot_seconds INTEGER NOT NULL,
    slot_at INTEGER NOT NULL,
    claimed_at INTEGER NOT NULL,
    level TEXT NOT NULL,
    exceeded_by_seconds INTEGER NOT NULL,
    timeout_minutes INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    PRIMARY KEY (task_id, cycle, ordinal)
) STRICT, WITHOUT ROWID;

-- `topics` holds a space before and after each name, so that one search finds a topic or those that begin alike.
-- `origin` is the socket of the client whose request made it true: that client need not be told.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    task_id INTEGER,
    workflow_id INTEGER,
    status TEXT,
    topics TEXT NOT NULL,
    payload TEXT NOT NULL,
    origin TEXT
) STRICT;

CREATE INDEX events_by_task ON events (task_id, seq) WHERE task_id IS NOT NULL;
CREATE INDEX events_by_time ON events (at);

-- Who may come in. Of a secret only the SHA-256 is kept; `roles` and `workflows` hold names between spaces, and
-- workflows null is every type. A session comes from a token, a ticket from either: they end with their parent.
CREATE TABLE credentials (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('token', 'session', 'ticket')),
    name TEXT,
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    roles TEXT NOT NULL,
    workflows TEXT,
    admin INTEGER NOT NULL CHECK (admin IN (0, 1)),
    parent_id INTEGER REFERENCES credentials (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE UNIQUE INDEX credentials_by_name ON credentials (name) WHERE kind = 'token' AND revoked_at IS NULL;
CREATE INDEX credentials_by_parent ON credentials (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX credentials_by_user ON credentials (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX credentials_passing ON credentials (expires_at) WHERE kind <> 'token';

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX idempotency_by_time ON idempotency (at);

-- Which rows of an imported log are here already, so that importing twice changes nothing.
CREATE TABLE imported (
    source TEXT PRIMARY KEY,
    task_id INTEGER NOT NULL REFERENCES tasks (id)
) STRICT, WITHOUT ROWID;

-- A message for one person: the row is the entry of their inbox. `key` makes it once, whoever plans.
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    event_seq INTEGER,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    level TEXT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    task_id INTEGER REFERENCES tasks (id),
    workflow_id INTEGER REFERENCES workflows (id),
    cycle INTEGER,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT,
    url TEXT NOT NULL,
    data TEXT NOT NULL,
    event TEXT NOT NULL,
    in_inbox INTEGER NOT NULL CHECK (in_inbox IN (0, 1)),
    occurred_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER,
    read_at INTEGER,
    archived_at INTEGER
) STRICT;

CREATE INDEX notifications_by_user ON notifications (user_id, id) WHERE in_inbox = 1;
-- It has every column that counting reads: there is a count at each change of an inbox.
CREATE INDEX notifications_unread ON notifications (user_id, in_inbox, read_at, archived_at, seen_at)
    WHERE in_inbox = 1 AND read_at IS NULL AND archived_at IS NULL;
CREATE INDEX notifications_by_task ON notifications (task_id) WHERE task_id IS NOT NULL;

-- That message on one channel to one address. `uid` is the id that receivers see, the same at every try.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    notification_id INTEGER NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL,
    task_id INTEGER,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('pending', 'leased', 'sent', 'dead', 'expired', 'cancelled', 'suppressed')),
    reason TEXT,
    rule TEXT,
    due_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    worker TEXT,
    lease_until INTEGER,
    provider_id TEXT,
    detail TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE INDEX deliveries_due ON deliveries (channel, due_at, id) WHERE state = 'pending';
CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE state = 'leased';
CREATE INDEX deliveries_expiring ON deliveries (expires_at) WHERE state = 'pending';
CREATE INDEX deliveries_by_channel_leased ON deliveries (channel) WHERE state = 'leased';
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE INDEX deliveries_by_notification ON deliveries (notification_id);
CREATE INDEX deliveries_by_task ON deliveries (task_id, user_id, channel) WHERE task_id IS NOT NULL;
CREATE INDEX deliveries_by_user ON deliveries (user_id, channel, due_at);
-- What waits for a summary: `due_at` is when that comes.
CREATE INDEX deliveries_gathered ON deliveries (due_at)
    WHERE state = 'suppressed' AND reason IN ('daily_cap', 'grouped');

CREATE TABLE attempts (
    delivery_id INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    worker TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT,
    detail TEXT,
    PRIMARY KEY (delivery_id, attempt, begun_at)
) STRICT, WITHOUT ROWID;

-- Where a person is reached on a channel. `state` is ok or gone.
CREATE TABLE contacts (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ok', 'gone')),
    detail TEXT,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, channel, address)
) STRICT, WITHOUT ROWID;

-- What a person wants; a kind or channel `*` is any.
CREATE TABLE preferences (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    wanted INTEGER NOT NULL CHECK (wanted IN (0, 1)),
    PRIMARY KEY (user_id, kind, channel)
) STRICT, WITHOUT ROWID;

-- Minutes of the person's own day between which nothing is sent; `days` are 1 (Monday) to 7.
CREATE TABLE quiet_hours (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    days TEXT NOT NULL
) STRICT;

-- Somebody takes care of a late task (ack), or wants to hear of it later (snooze).
CREATE TABLE acknowledgements (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL REFERENCES tasks (id),
    cycle INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('ack', 'snooze')),
    level TEXT,
    user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    reason TEXT,
    at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE INDEX acknowledgements_by_task ON acknowledgements (task_id);
CREATE INDEX acknowledgements_by_end ON acknowledgements (until);

CREATE TABLE mutes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL CHECK (scope IN ('task', 'workflow', 'type', 'role')),
    target TEXT NOT NULL,
    user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    reason TEXT,
    at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

-- How each channel does: failures in a row, and until when it rests and why.
CREATE TABLE channel_states (
    channel TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    openings INTEGER NOT NULL,
    open_until INTEGER,
    reason TEXT,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE VIEW task_record AS
SELECT
    t.id, t.workflow_id, t.template, t.code, t.name, t.type, t.status, t.cycle, t.version,
    t.timeout_minutes, t.claimed_by, t.held_from, t.implicit_start, t.created_at, t.changed_at,
    t.ready_at, t.started_at, t.ended_at, t.banked_ms, t.running_since, t.due_at, t.at_risk_at,
    t.next_alert_at, t.alerts, t.alert_mark, t.last_alert_at,
    w.type AS workflow_type, w.taskable_type, w.subject_id
FROM tasks AS t
LEFT JOIN workflows AS w ON w.id = t.workflow_id;
