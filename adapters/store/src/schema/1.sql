-- What is asked for has a column; everything else is in the document. Times are microseconds since 1970.
CREATE TABLE incident (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    cause TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- Null until it is resolved.
    ended_at INTEGER,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX incident_changed ON incident (changed_at, number);
CREATE INDEX incident_cause ON incident (cause, changed_at);
CREATE INDEX incident_ended ON incident (ended_at, number);
-- Every namespace that an incident touched, also once it no longer does.
CREATE TABLE touched (
    namespace TEXT NOT NULL,
    incident INTEGER NOT NULL REFERENCES incident (number) ON DELETE CASCADE,
    PRIMARY KEY (namespace, incident)
) STRICT, WITHOUT ROWID;
CREATE INDEX touched_incident ON touched (incident);
