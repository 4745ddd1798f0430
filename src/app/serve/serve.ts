/** `mlaka serve`: runs the broker until the process receives a stop signal. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { maskUris } from '../../core/model/secret.ts';
import { type Broker, startBroker } from '../broker.ts';
import type { Command } from '../command/command.ts';
import { asksForHelp } from '../config/arguments.ts';
import { configSchema, configTable, helpText } from '../config/describe-config.ts';
import { readConfig, strangersIn } from '../config/read-config.ts';

const usage = `mlaka serve [OPTIONS]

Runs the broker. Options come from flags, else from the environment (MLAKA_PORT for --port), else from the JSON file
named by --config. What is in brackets is the initial value.

  --config FILE
      JSON file of options, named as in "mlaka config --schema".
`;

export const serve: Command = {
  name: 'serve',
  summary: 'runs the broker',
  async run(args, { out, err, signal }) {
    if (asksForHelp(args)) {
      out.write(`${usage}${helpText()}\n`);
      return 0;
    }
    const config = readConfig({ args, env: process.env });
    const broker = await startBroker(config, process.stdout.isTTY ? { showKey: (key) => out.write(keyText(key)) } : {});
    for (const sentence of strangersIn(process.env)) err.write(`${sentence}\n`);
    out.write(
      `Mlaka listens on ${broker.url}\nFirst page ${broker.url}/ · API ${broker.url}/ngsi-ld/v1 · its description ${broker.url}/api · docs ${broker.url}/docs\n`,
    );
    if (!signal.aborted) await once(signal, 'abort');
    await stopInTime(broker);
    out.write('Mlaka has stopped.\n');
    return 0;
  },
};

const keyText = (key: string): string =>
  `The key of the first administrator, which is shown only now:\n\n    ${key}\n\nSend it as Authorization: Bearer KEY, or in MLAKA_KEY to the commands of mlaka.\n`;

/** Less than the 10 s after which Docker kills a container that it has asked to stop. */
const stopMsMax = 9000;

/** Throws an Error when the broker takes too long to stop, so that the command ends. */
async function stopInTime(broker: Broker): Promise<void> {
  const isStopped = await Promise.race([broker.stop().then(() => true), wait(stopMsMax, false, { ref: false })]);
  if (!isStopped) {
    throw new Error(
      `the broker has not stopped within ${stopMsMax / 1000} s, and is ended. Nothing that was acknowledged is lost.`,
    );
  }
}

const configUsage = `mlaka config [--schema | --table] [OPTIONS OF SERVE]

Prints the configuration that serve would use with the same options, as a file for --config. Passwords in URLs are
masked (***): set such a URL in the environment.

  --schema
      The JSON Schema of such a file.
  --table
      All options as a Markdown table.
`;

export const config: Command = {
  name: 'config',
  summary: 'prints the configuration that serve would use; --schema: its JSON Schema; --table: as Markdown',
  run(args, { out, err }) {
    if (asksForHelp(args)) out.write(`${configUsage}${helpText()}\n`);
    else out.write(`${textOf(args, (sentence) => err.write(`${sentence}\n`))}\n`);
    return Promise.resolve(0);
  },
};

function textOf(args: readonly string[], warn: (sentence: string) => void): string {
  const plain = args.filter((one) => one !== '--schema' && one !== '--table');
  const values = readConfig({ args: plain, env: process.env });
  for (const sentence of strangersIn(process.env)) warn(sentence);
  if (args.includes('--table')) return configTable();
  if (args.includes('--schema')) return JSON.stringify(configSchema(), undefined, 2);
  const mask = (_name: string, value: unknown): unknown => (typeof value === 'string' ? maskUris(value) : value);
  return JSON.stringify(values, mask, 2);
}
