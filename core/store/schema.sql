-- The whole truth of a run. Rows are only ever added, save for `run`, which
-- holds a handful of facts about the run itself, and surplus rounds, which a run
-- that is extended makes again. Times are milliseconds since
-- 1970 (wall) or nanoseconds (monotonic, only differences mean something).

CREATE TABLE run (            -- name, program version, experiment, state, …
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE script (         -- every Lua source that the run uses
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,         -- XXH3-128 of the source, in hex
  origin TEXT NOT NULL,       -- "shipped", "experiment", "current", "path"
  source TEXT NOT NULL,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;

-- A paid call is named by (round, stage, lane, ordinal); it has one attempt
-- row for each time it was about to be sent. The row is committed before the
-- first byte leaves.
CREATE TABLE attempt (
  id INTEGER PRIMARY KEY,
  round INTEGER NOT NULL,
  stage TEXT NOT NULL,
  lane TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  n INTEGER NOT NULL,         -- 1 for the first attempt of a call
  role TEXT NOT NULL,
  endpoint TEXT NOT NULL,     -- base URL without user info and query
  request TEXT NOT NULL,      -- the call in the program's own canonical form
  sent BLOB,                  -- body bytes as sent; NULL: equal to request
  wall_ms INTEGER NOT NULL
);
CREATE INDEX attempt_round ON attempt (round);

-- What the transport brought back. An attempt without a row here was in flight
-- when the process died; resume adds one with state 'unknown'.
CREATE TABLE reply (
  attempt INTEGER PRIMARY KEY REFERENCES attempt (id),
  state TEXT NOT NULL,        -- done | failed | unknown
  curl INTEGER NOT NULL,
  http INTEGER NOT NULL,
  sends INTEGER NOT NULL,
  reused INTEGER NOT NULL,
  bytes_up INTEGER NOT NULL,
  bytes_down INTEGER NOT NULL,
  first_byte_ns INTEGER,      -- from the start
  total_ns INTEGER,
  headers TEXT NOT NULL,
  raw BLOB,
  why TEXT NOT NULL
);

-- How the provider's parse classed it.
CREATE TABLE outcome (
  attempt INTEGER PRIMARY KEY REFERENCES attempt (id),
  class TEXT NOT NULL,
  reason TEXT NOT NULL,
  final INTEGER NOT NULL,     -- 1: this is what the script received
  prompt_tokens INTEGER,
  completion_tokens INTEGER,
  cost REAL                   -- in the experiment's currency; NULL: unknown
);

-- A round is committed as a whole, in order of its number.
CREATE TABLE round (
  round INTEGER PRIMARY KEY,
  read_round INTEGER NOT NULL,  -- the state that its strategies read
  state TEXT NOT NULL,          -- committed | failed | surplus
  why TEXT NOT NULL,
  gaps TEXT NOT NULL,           -- JSON
  advice TEXT NOT NULL,         -- JSON, with what came of each piece
  summary TEXT NOT NULL,        -- JSON, the summary after this round
  variants TEXT NOT NULL,       -- JSON, prompt variants and what came of them
  notes TEXT NOT NULL,          -- JSON
  tokens TEXT NOT NULL,         -- JSON, of chosen attempts
  cost REAL,
  wall_ms INTEGER NOT NULL
);

CREATE TABLE item (
  round INTEGER NOT NULL,
  item_index INTEGER NOT NULL,  -- position among the round's drafts, from 1
  verdict TEXT NOT NULL,        -- kept | dropped | surplus
  text TEXT NOT NULL,
  target TEXT,                  -- the advice's
  cell TEXT,                    -- of the taxonomy, by the labeller
  advice INTEGER,               -- position in the round's advice, from 1
  reason TEXT,                  -- why it was dropped: the rule's name
  finding TEXT,                 -- JSON: code, numbers, nearest kept item
  verdicts TEXT NOT NULL,       -- JSON: one per check
  meta TEXT NOT NULL,           -- JSON: whatever the strategy added
  PRIMARY KEY (round, item_index)
) WITHOUT ROWID;

-- Vectors of texts that a round embedded, each once: kept items', dropped ones',
-- a labeller's examples'.
CREATE TABLE vector (
  model TEXT NOT NULL,
  hash TEXT NOT NULL,         -- XXH3-128 of the text, in hex
  round INTEGER NOT NULL,
  data BLOB NOT NULL,         -- 4-byte floats
  PRIMARY KEY (model, hash)
) WITHOUT ROWID;

-- Texts of the files that drafts are compared with, written before anything is
-- asked: the run needs the files no more.
CREATE TABLE reference (
  name TEXT NOT NULL,             -- as the experiment calls the file
  reference_index INTEGER NOT NULL,  -- position of the row in it, from 1
  text TEXT NOT NULL,
  PRIMARY KEY (name, reference_index)
) WITHOUT ROWID;

-- Replies to kept items, made after their round's commit.
CREATE TABLE response (
  round INTEGER NOT NULL,
  item_index INTEGER NOT NULL,
  verdict TEXT NOT NULL,        -- safe | unsafe | pass | fail | unknown | failed
  text TEXT NOT NULL,
  finding TEXT,                 -- JSON
  meta TEXT NOT NULL,           -- JSON
  PRIMARY KEY (round, item_index)
) WITHOUT ROWID;

-- The journal in one view, for people.
CREATE VIEW journal AS
  SELECT a.id, a.round, a.stage, a.lane, a.ordinal, a.n, a.role, a.endpoint,
         coalesce(r.state, 'in flight') AS state, o.class, o.reason, o.final,
         r.http, r.curl, r.why, o.prompt_tokens, o.completion_tokens, o.cost,
         a.request, r.raw
  FROM attempt a
  LEFT JOIN reply r ON r.attempt = a.id
  LEFT JOIN outcome o ON o.attempt = a.id;
