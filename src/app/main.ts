#!/usr/bin/env node
/** The command line: finds the command, and turns what it answers into the exit code. */
import { commands } from './commands.ts';

const [name = '--help', ...args] = process.argv.slice(2);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

const command = commands.find((one) => one.name === name);
if (command) {
  const io = { out: process.stdout, err: process.stderr, signal: stopping.signal };
  process.exitCode = await command.run(args, io).catch((error: unknown) => {
    process.stderr.write(`mlaka ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    // What a failed command has opened must not keep the process alive.
    process.exit(1);
  });
} else {
  const list = commands.map((one) => `  mlaka ${one.name.padEnd(8)} ${one.summary}`).join('\n');
  const isHelp = name === '--help' || name === 'help';
  const out = isHelp ? process.stdout : process.stderr;
  out.write(
    `${isHelp ? '' : `mlaka: there is no command ${name}.\n`}Mlaka, an NGSI-LD context broker. Commands:\n${list}\n\nmlaka COMMAND --help tells more.\n`,
  );
  process.exitCode = isHelp ? 0 : 2;
}
