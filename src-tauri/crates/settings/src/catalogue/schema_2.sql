-- Version 2. Runs may copy a vault, snapshots be pinned, items be important,
-- proven and distrusted. A check cannot be changed, so the table is made anew.

CREATE TABLE new_run (
    id              TEXT    NOT NULL PRIMARY KEY,
    kind            TEXT    NOT NULL
                    CHECK (kind IN ('backup', 'restore', 'verify', 'prune', 'drill', 'export', 'copy')),
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
INSERT INTO new_run SELECT id, kind, subject, plan, vault, account, state, outcome, reason, remedy,
    queued_at, started_at, ended_at, snapshot, counts, details, host, process, process_started
    FROM run;
DROP TABLE run;
ALTER TABLE new_run RENAME TO run;
CREATE INDEX run_by_time ON run (queued_at);
CREATE INDEX run_by_plan ON run (plan, queued_at);
CREATE INDEX run_unended ON run (state) WHERE state <> 'ended';

ALTER TABLE snapshot ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;

ALTER TABLE item ADD COLUMN important INTEGER NOT NULL DEFAULT 0;
-- When it was last rebuilt from the vault and found whole.
ALTER TABLE item ADD COLUMN proven_at INTEGER;
-- The next backup reads it in full: a proof of what is saved failed.
ALTER TABLE item ADD COLUMN distrusted_since INTEGER;
