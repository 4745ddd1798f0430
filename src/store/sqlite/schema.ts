/** The tables of a tenant's file in its first version, and those that later versions add. migrations.ts applies them. */

/**
 * Terms:
 * - `num`: an entity's place in creation order, never reused;
 * - `subject`: identifies a history: the first `num` of the entity. It survives deletion and re-creation of the entity;
 * - `name`, `type`, `dataset`: numbers of texts in the table `name`. 0 is the default dataset, which has no text.
 * Times are microseconds (`Micros`).
 */
export const firstSchema = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE name (num INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

  -- Present entities. doc is the JSON text of the model's Entity; expires is the first moment at which a part of it expires.
  CREATE TABLE entity (
    num INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    subject INTEGER NOT NULL,
    version INTEGER NOT NULL,
    expires INTEGER,
    doc TEXT NOT NULL
  );
  CREATE INDEX entity_expires ON entity (expires) WHERE expires IS NOT NULL;
  CREATE INDEX entity_returned ON entity (subject) WHERE subject <> num;
  CREATE TABLE entity_type (type INTEGER NOT NULL, num INTEGER NOT NULL, PRIMARY KEY (type, num)) WITHOUT ROWID;

  -- One box for each GeoProperty of an entity, around all its instances. place is num * 65536 + a slot.
  CREATE VIRTUAL TABLE box USING rtree (place, west, east, south, north, +name INTEGER);

  -- Scalar values of the attributes that queries ask for often. Entities up to upto are in it; complete: all are.
  CREATE TABLE indexed (name INTEGER PRIMARY KEY, upto INTEGER NOT NULL, complete INTEGER NOT NULL);
  CREATE TABLE value (name INTEGER NOT NULL, value, num INTEGER NOT NULL, PRIMARY KEY (name, value, num)) WITHOUT ROWID;

  -- Subjects whose entity is not there: deleted, or known by past instances only.
  CREATE TABLE departed (id TEXT PRIMARY KEY, subject INTEGER NOT NULL UNIQUE, types TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE departed_type (type INTEGER NOT NULL, subject INTEGER NOT NULL, PRIMARY KEY (type, subject)) WITHOUT ROWID;

  -- Instances by series and time. n is 0 for observed ones, else the position of the change. The value is number, or
  -- in doc with all else that the columns do not say: JSON text, or the number of such a text in name.
  CREATE TABLE history (
    subject INTEGER NOT NULL,
    name INTEGER NOT NULL,
    dataset INTEGER NOT NULL,
    at INTEGER NOT NULL,
    n INTEGER NOT NULL,
    number REAL,
    doc,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    deleted INTEGER,
    PRIMARY KEY (subject, name, dataset, at, n)
  ) WITHOUT ROWID;

  -- The change log. doc is the entity's text; rest what cannot be derived from it. Positions have no gaps.
  CREATE TABLE log (position INTEGER PRIMARY KEY, at INTEGER NOT NULL, event INTEGER NOT NULL, doc TEXT NOT NULL, rest TEXT);

  -- Counts by type (0: of all entities), and by type and attribute. kind is the place in the model's kinds, or -1 for any kind.
  CREATE TABLE type_count (type INTEGER PRIMARY KEY, entities INTEGER NOT NULL);
  CREATE TABLE attr_count (
    type INTEGER NOT NULL,
    name INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    entities INTEGER NOT NULL,
    PRIMARY KEY (type, name, kind)
  ) WITHOUT ROWID;

  CREATE TABLE shelf (name TEXT NOT NULL, key TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (name, key)) WITHOUT ROWID;
`;

/**
 * The places of instances that were moved in time and kept their id. Other ids contain the place. A row of an instance that no longer
 * exists does no harm, because readers compare the id with that of the instance they find.
 */
export const movedInstances = `
  CREATE TABLE moved (
    id TEXT PRIMARY KEY,
    subject INTEGER NOT NULL,
    name INTEGER NOT NULL,
    dataset INTEGER NOT NULL,
    at INTEGER NOT NULL,
    n INTEGER NOT NULL
  ) WITHOUT ROWID;
  INSERT OR IGNORE INTO moved SELECT json_extract(doc, '$.instanceId') AS id, subject, name, dataset, at, n
    FROM history WHERE typeof(doc) = 'text' AND instr(doc, '"instanceId"') > 0 AND id IS NOT NULL;
`;

/**
 * Summaries of the observed numbers of a series per day (its number since 1970) and hour. State 0: stale, to be computed; 1: matches
 * the instances; 2: not computed, because some values are not numbers; 3: of deleted instances. core/model/rollup.ts defines the format
 * of tallies. A day without a row has only its instances.
 */
export const rollups = `
  CREATE TABLE rollup (
    subject INTEGER NOT NULL,
    name INTEGER NOT NULL,
    dataset INTEGER NOT NULL,
    day INTEGER NOT NULL,
    state INTEGER NOT NULL,
    tallies BLOB,
    PRIMARY KEY (subject, name, dataset, day)
  ) WITHOUT ROWID;
  CREATE INDEX rollup_stale ON rollup (subject, name, dataset, day) WHERE state = 0;
  INSERT INTO rollup (subject, name, dataset, day, state)
    SELECT DISTINCT subject, name, dataset, CAST(floor(at / 86400000000.0) AS INTEGER), 0 FROM history WHERE n = 0;
`;

/** The series that have, or had, instances that were not observed. Rollups do not cover these. They cover every other series completely. */
export const unobserved = `
  CREATE TABLE unobserved (
    subject INTEGER NOT NULL,
    name INTEGER NOT NULL,
    dataset INTEGER NOT NULL,
    PRIMARY KEY (subject, name, dataset)
  ) WITHOUT ROWID;
  INSERT INTO unobserved SELECT DISTINCT subject, name, dataset FROM history WHERE n > 0 AND deleted IS NULL;
`;

/**
 * A log row with an empty doc has the entity of the table entity minus the changes of all later rows of its num; undo restores the
 * entity before the row. num is set where the entity is or was a large one. total is the sum of the bytes of all rows up to this one;
 * rows of earlier versions have none.
 */
export const logSpace = `
  ALTER TABLE log ADD COLUMN num INTEGER;
  ALTER TABLE log ADD COLUMN undo TEXT;
  ALTER TABLE log ADD COLUMN total INTEGER;
  CREATE INDEX log_num ON log (num, position) WHERE num IS NOT NULL;
`;

/** The values of an attribute in creation order, so that a query for a range stops at the first entities that match. */
export const valuesInOrder = `
  CREATE INDEX value_num ON value (name, num, value);
`;

/**
 * State -1 of a rollup: stale, and to be computed now, because its series has later instances. State 0 remains for the newest day of a
 * series, to which instances are still added. So what is to be computed is found without reading the newest days of all series.
 */
export const dueRollups = `
  DROP INDEX rollup_stale;
  UPDATE rollup SET state = -1 WHERE state = 0 AND EXISTS (
    SELECT 1 FROM history
    WHERE history.subject = rollup.subject AND history.name = rollup.name AND history.dataset = rollup.dataset
      AND history.at >= (rollup.day + 1) * 86400000000
  );
  CREATE INDEX rollup_due ON rollup (state, subject, name, dataset, day) WHERE state <= 0;
`;

/** The table `unobserved` lists only series with rollups: queries read all instances of the others. */
export const unobservedBesideRollups = `
  DELETE FROM unobserved WHERE NOT EXISTS (
    SELECT 1 FROM rollup
    WHERE rollup.subject = unobserved.subject AND rollup.name = unobserved.name AND rollup.dataset = unobserved.dataset
  );
`;
