CREATE TABLE IF NOT EXISTS inbox (
    seq INTEGER PRIMARY KEY,
    message BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS poison (
    seq INTEGER PRIMARY KEY,
    message BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT;
-- What was in hand when the process ended by itself, and how badly that speaks against it.
CREATE TABLE IF NOT EXISTS crashes (
    kind TEXT NOT NULL,
    place INTEGER NOT NULL,
    points INTEGER NOT NULL,
    PRIMARY KEY (kind, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY,
    head TEXT NOT NULL,
    body BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS events_by_expiry ON events (expires_at);
-- A task is `written` once anybody wrote it down after its event was recorded; one that was deleted has an empty doc.
CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    written INTEGER NOT NULL,
    standing TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS tasks_by_expiry ON tasks (expires_at);
CREATE TABLE IF NOT EXISTS claims (
    hook TEXT NOT NULL,
    delivery TEXT NOT NULL,
    event TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (hook, delivery)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS refused_by_expiry ON refused (expires_at);
CREATE TABLE IF NOT EXISTS counts (
    hook TEXT PRIMARY KEY,
    events INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    version INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (collection, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_by_expiry ON documents (expires_at) WHERE expires_at IS NOT NULL;
-- The due times of jobs, in the order in which they are acted on.
CREATE TABLE IF NOT EXISTS due (
    at INTEGER NOT NULL,
    job TEXT NOT NULL,
    version INTEGER NOT NULL,
    due INTEGER NOT NULL,
    local TEXT,
    count INTEGER NOT NULL,
    PRIMARY KEY (at, job, version, due)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS work (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    grp TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS work_by_group ON work (queue, grp, seq);
CREATE TABLE IF NOT EXISTS hooks (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS settings (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    doc TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS vault (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
