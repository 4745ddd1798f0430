/** Lists the commands of the command line. */
import type { Command } from './command/command.ts';
import { backup } from './backup/backup.ts';
import { restore } from './backup/restore.ts';
import { check } from './command/check.ts';
import { compactFiles } from './command/compact.ts';
import { demo } from './command/demo.ts';
import { exportEntities } from './command/export.ts';
import { subject } from './command/subject.ts';
import { grants } from './command/grants.ts';
import { keys } from './command/keys.ts';
import { importFile } from './command/import.ts';
import { importV2 } from './command/import-v2.ts';
import { models } from './command/models.ts';
import { exportHistory } from './history/export-history.ts';
import { config, serve } from './serve/serve.ts';

export const commands: readonly Command[] = [
  serve,
  demo,
  importFile,
  importV2,
  exportEntities,
  exportHistory,
  backup,
  restore,
  compactFiles,
  keys,
  grants,
  subject,
  models,
  check,
  config,
];
