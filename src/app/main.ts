#!/usr/bin/env -S node --max-semi-space-size=16
/** The entry point of the command line: finds the command, runs it, and exits with its exit code. */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Later starts need not compile the modules again. The folder is this user's own, unlike the initial one of Node, which is in the folder for
// temporary files. The variable also holds for worker threads. Where the folder cannot be written, there is no cache.
const { XDG_CACHE_HOME: caches = '' } = process.env;
process.env['NODE_COMPILE_CACHE'] ??= join(caches === '' ? join(homedir(), '.cache') : caches, 'mlaka');
enableCompileCache();
const [{ commands }, { failureText }, { suggestion }, { version }] = await Promise.all([
  import('./commands.ts'),
  import('./command/failure-text.ts'),
  import('./config/nearest.ts'),
  import('./version.ts'),
]);

const [name = '--help', ...args] = process.argv.slice(2);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
// The reader of a pipe, such as head, may close it early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const command = commands.find((one) => one.name === name);
if (command) {
  const io = { out: process.stdout, err: process.stderr, signal: stopping.signal };
  try {
    process.exitCode = await command.run(args, io);
  } catch (error) {
    process.stderr.write(`mlaka ${name}: ${failureText(error)}\n`);
    // Open handles of a failed command must not keep the process alive.
    process.exit(1);
  }
} else if (name === '--version' || name === 'version') {
  process.stdout.write(`mlaka ${version}\n`);
} else {
  const list = commands.map((one) => `  mlaka ${one.name.padEnd(8)} ${one.summary}`).join('\n');
  const isHelp = name === '--help' || name === '-h' || name === 'help';
  const unknown = `mlaka: there is no command ${name}.${suggestion(name, [...commands.map((one) => one.name), '--version', '--help'])}\n`;
  const out = isHelp ? process.stdout : process.stderr;
  out.write(
    `${isHelp ? '' : unknown}Mlaka, an NGSI-LD context broker. Commands:\n${list}\n\nmlaka COMMAND --help tells more; mlaka --version tells which one this is.\n`,
  );
  process.exitCode = isHelp ? 0 : 2;
}
