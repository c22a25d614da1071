-- Version 1. Times are milliseconds since the epoch, JSON is text.

CREATE TABLE run (
    id              TEXT    NOT NULL PRIMARY KEY,
    kind            TEXT    NOT NULL
                    CHECK (kind IN ('backup', 'restore', 'verify', 'prune', 'drill', 'export')),
    subject         TEXT    NOT NULL,
    plan            TEXT,
    vault           TEXT,
    account         TEXT,
    state           TEXT    NOT NULL
                    CHECK (state IN ('queued', 'running', 'stopping', 'ended')),
    outcome         TEXT
                    CHECK (outcome IN ('complete', 'partial', 'aborted', 'failed')),
    reason          TEXT,
    remedy          TEXT,
    queued_at       INTEGER NOT NULL,
    started_at      INTEGER,
    ended_at        INTEGER,
    snapshot        TEXT,
    counts          TEXT    NOT NULL DEFAULT '{}',
    details         TEXT    NOT NULL DEFAULT '{}',
    host            TEXT    NOT NULL,
    process         INTEGER NOT NULL,
    process_started INTEGER NOT NULL,
    CHECK ((state = 'ended') = (outcome IS NOT NULL)),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
) STRICT;
CREATE INDEX run_by_time ON run (queued_at);
CREATE INDEX run_by_plan ON run (plan, queued_at);
CREATE INDEX run_unended ON run (state) WHERE state <> 'ended';

CREATE TABLE run_item (
    run        TEXT    NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    sort       TEXT    NOT NULL CHECK (sort IN ('group', 'project', 'snippet')),
    item       INTEGER NOT NULL,
    path       TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    details    TEXT    NOT NULL DEFAULT '{}',
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (run, sort, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_line (
    run         TEXT    NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    sort        TEXT    NOT NULL CHECK (sort IN ('group', 'project', 'snippet')),
    item        INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    reason      TEXT,
    remedy      TEXT,
    count       INTEGER,
    bytes       INTEGER,
    stale_since INTEGER,
    PRIMARY KEY (run, sort, item, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
    vault      TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    time       INTEGER NOT NULL,
    plan       TEXT    NOT NULL,
    run        TEXT,
    outcome    TEXT    CHECK (outcome IN ('complete', 'partial', 'aborted', 'failed')),
    bytes      INTEGER NOT NULL,
    new_bytes  INTEGER NOT NULL,
    proven_at  INTEGER,
    details    TEXT    NOT NULL DEFAULT '{}',
    PRIMARY KEY (vault, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshot_by_time ON snapshot (vault, time);

CREATE TABLE item (
    account       TEXT    NOT NULL,
    sort          TEXT    NOT NULL CHECK (sort IN ('group', 'project', 'snippet')),
    id            INTEGER NOT NULL,
    path          TEXT    NOT NULL,
    first_seen    INTEGER NOT NULL,
    last_seen     INTEGER NOT NULL,
    gone_since    INTEGER,
    last_snapshot TEXT,
    last_saved    INTEGER,
    PRIMARY KEY (account, sort, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_by_path ON item (account, path);

CREATE TABLE item_path (
    account TEXT    NOT NULL,
    sort    TEXT    NOT NULL,
    id      INTEGER NOT NULL,
    path    TEXT    NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (account, sort, id, path),
    FOREIGN KEY (account, sort, id) REFERENCES item (account, sort, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX item_path_by_path ON item_path (account, path);

CREATE TABLE step (
    run        TEXT    NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('begun', 'done', 'failed')),
    payload    TEXT    NOT NULL DEFAULT '{}',
    begun_at   INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_line (
    run     TEXT    NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    level   TEXT    NOT NULL CHECK (level IN ('info', 'warn', 'error')),
    message TEXT    NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE memo (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
