/** Every command of the command line. */
import type { Command } from './command/command.ts';
import { config, serve } from './serve/serve.ts';

export const commands: readonly Command[] = [serve, config];
