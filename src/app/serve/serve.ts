/** `mlaka serve`: runs the broker until it is told to stop. */
import { once } from 'node:events';
import { startBroker } from '../broker.ts';
import type { Command } from '../command/command.ts';
import { configSchema, configTable, helpText } from '../config/describe-config.ts';
import { readConfig } from '../config/read-config.ts';

const usage = `mlaka serve [OPTIONS]

Runs the broker. Options come from flags, else from the environment (MLAKA_PORT for --port), else from the JSON file
named by --config. What is in brackets is the initial value.

  --config FILE
      JSON file of options, named as in "mlaka config --schema".
`;

export const serve: Command = {
  name: 'serve',
  summary: 'runs the broker',
  async run(args, { out, signal }) {
    if (args.includes('--help')) {
      out.write(`${usage}${helpText()}\n`);
      return 0;
    }
    const broker = await startBroker(readConfig({ args, env: process.env }));
    out.write(
      `Mlaka listens on ${broker.url}\nFirst page ${broker.url}/ · API ${broker.url}/ngsi-ld/v1 · its description ${broker.url}/api\n`,
    );
    if (!signal.aborted) await once(signal, 'abort');
    await broker.stop();
    out.write('Mlaka has stopped.\n');
    return 0;
  },
};

export const config: Command = {
  name: 'config',
  summary: 'prints the configuration that serve would use; --schema: its JSON Schema; --table: as Markdown',
  run(args, { out }) {
    if (args.includes('--schema')) out.write(`${JSON.stringify(configSchema(), undefined, 2)}\n`);
    else if (args.includes('--table')) out.write(`${configTable()}\n`);
    else out.write(`${JSON.stringify(readConfig({ args, env: process.env }), undefined, 2)}\n`);
    return Promise.resolve(0);
  },
};
