/**
 * The schema, as numbered steps. A step that was released never changes; a change of the schema is a new step at the end.
 * Times are milliseconds since 1970.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    config TEXT NOT NULL,                 -- resolved configuration, JSON
    code_version TEXT NOT NULL,
    dataset_hash TEXT,
    engine TEXT,
    device TEXT,
    precision TEXT,
    build TEXT,
    parameters INTEGER,
    isolation TEXT,
    parent_checkpoint_id TEXT,            -- outlives its row: a replayed step brings the same id back
    created_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    error TEXT
  ) STRICT;

  CREATE TABLE steps (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (run_id, step)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE metrics (
    run_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (run_id, step, name),
    FOREIGN KEY (run_id, step) REFERENCES steps (run_id, step) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX metrics_by_name ON metrics (run_id, name, step, value);

  -- The narrow columns come first: a list of rollouts reads no page of the wide ones.
  CREATE TABLE rollouts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    split TEXT NOT NULL,
    problem_id TEXT NOT NULL,
    sample INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    tests_passed INTEGER NOT NULL,
    tests_total INTEGER NOT NULL,
    reward REAL,
    advantage REAL,
    mean_entropy REAL NOT NULL,
    mean_logprob REAL NOT NULL,
    temperature REAL NOT NULL,
    fault TEXT,                           -- JSON
    prompt TEXT NOT NULL,
    completion TEXT NOT NULL,
    code TEXT,
    tests TEXT NOT NULL,                  -- JSON
    token_texts TEXT NOT NULL,            -- JSON
    token_ids BLOB NOT NULL,              -- int32, little endian, [T]
    logprob BLOB NOT NULL,                -- float32, little endian, [T]; so are the four below
    entropy BLOB NOT NULL,
    kl_uniform BLOB NOT NULL,
    top1 BLOB NOT NULL,
    top2 BLOB NOT NULL,
    FOREIGN KEY (run_id, step) REFERENCES steps (run_id, step) ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX rollouts_by_step ON rollouts (run_id, step, split);

  CREATE TABLE checkpoints (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    parent_id TEXT,
    folder TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_at REAL NOT NULL,
    UNIQUE (run_id, step)
  ) STRICT;

  CREATE TABLE notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    at REAL NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL
  ) STRICT;
  CREATE INDEX notes_by_run ON notes (run_id, id);

  -- What other processes ask of the one that owns the folder.
  CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    action TEXT NOT NULL,
    steps INTEGER,
    at REAL NOT NULL,
    answered INTEGER NOT NULL DEFAULT 0,
    error TEXT                            -- JSON
  ) STRICT;
  `,
  `
  ALTER TABLE runs ADD COLUMN control_of TEXT;             -- the run that this one is the matched control of
  ALTER TABLE runs ADD COLUMN study TEXT;                  -- id of the study that had it launched
  ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';  -- JSON
  ALTER TABLE runs ADD COLUMN origin TEXT;                 -- JSON: where an imported run comes from
  ALTER TABLE runs ADD COLUMN deleted_at REAL;             -- in the bin since
  ALTER TABLE rollouts ADD COLUMN parts TEXT;              -- JSON: what the reward was made of

  -- What people keep to come back to: views of a page, comparisons, reports.
  CREATE TABLE views (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,                  -- JSON
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
  ) STRICT;
  `,
  `
  -- A point holds the number of its series, not the names of its run and metric: a fifth of the bytes.
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    UNIQUE (run_id, name)
  ) STRICT;
  CREATE INDEX series_by_name ON series (name, run_id);
  CREATE TABLE points (
    series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series_id, step)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO series (run_id, name) SELECT DISTINCT run_id, name FROM metrics INDEXED BY metrics_by_name;
  INSERT INTO points (series_id, step, value)
    SELECT s.id, m.step, m.value FROM series s CROSS JOIN metrics m INDEXED BY metrics_by_name
    ON m.run_id = s.run_id AND m.name = s.name ORDER BY s.id, m.step;

  DROP TABLE metrics;
  CREATE VIEW metrics (run_id, step, name, value) AS
    SELECT s.run_id, p.step, s.name, p.value FROM series s JOIN points p ON p.series_id = s.id;
  CREATE TRIGGER metrics_insert INSTEAD OF INSERT ON metrics BEGIN
    INSERT OR IGNORE INTO series (run_id, name) VALUES (new.run_id, new.name);
    INSERT INTO points (series_id, step, value)
      SELECT id, new.step, new.value FROM series WHERE run_id = new.run_id AND name = new.name;
  END;
  CREATE TRIGGER steps_delete AFTER DELETE ON steps BEGIN
    DELETE FROM points WHERE step = old.step AND series_id IN (SELECT id FROM series WHERE run_id = old.run_id);
  END;

  CREATE INDEX rollouts_by_problem ON rollouts (run_id, problem_id, split, step);

  ALTER TABLE runs ADD COLUMN fingerprints TEXT;           -- JSON: hashes of what the run is measured with

  -- Runs whose rows and files are gone for good: what named them goes on naming them, and no number comes twice.
  CREATE TABLE purged_runs (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    at REAL NOT NULL
  ) STRICT;
  `,
  `
  -- [T] float32: log-probabilities of the tokens under the policy that the step's updates made, where they were taken.
  ALTER TABLE rollouts ADD COLUMN logprob_after BLOB;
  `,
];
