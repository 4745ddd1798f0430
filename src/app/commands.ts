/** Every command of the command line. */
import type { Command } from './command/command.ts';
import { demo } from './command/demo.ts';
import { exportEntities } from './command/export.ts';
import { config, serve } from './serve/serve.ts';

export const commands: readonly Command[] = [serve, demo, exportEntities, config];
