/** Migrates a tenant's file to the version of this program, in numbered steps. */
import type { Database } from 'better-sqlite3';
import {
  dueRollups,
  firstSchema,
  logSpace,
  movedInstances,
  rollups,
  unobserved,
  unobservedBesideRollups,
  valuesInOrder,
} from './schema.ts';

/** SQL that leads from each version to the next. The first step makes an empty file version 1. Never change a released step. */
const steps: readonly string[] = [
  firstSchema,
  movedInstances,
  rollups,
  unobserved,
  logSpace,
  valuesInOrder,
  dueRollups,
  unobservedBesideRollups,
];

/** The version that this program reads and writes. */
export const currentVersion = steps.length;

/** Throws an Error when the file was written by a newer program. */
export function refuseNewer(database: Database): void {
  const found = versionOf(database);
  if (found <= currentVersion) return;
  throw new Error(
    `The file ${database.name} has version ${found}; this program knows versions up to ${currentVersion}. Use a newer program.`,
  );
}

/** Each step is atomic. */
export function migrate(database: Database): void {
  for (let version = versionOf(database); version < currentVersion; version += 1) {
    database.exec(`BEGIN IMMEDIATE;${steps[version] ?? ''};PRAGMA user_version = ${version + 1};COMMIT`);
  }
}

function versionOf(database: Database): number {
  const version = database.pragma('user_version', { simple: true });
  return typeof version === 'number' ? version : 0;
}
