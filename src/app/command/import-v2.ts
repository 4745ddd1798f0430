/** `mlaka import-v2 URL`: copies the entities and subscriptions of another broker, such as Orion, over its API of NGSI v2. */
import { asksForHelp } from '../config/arguments.ts';
import type { Command, Io } from './command.ts';
import { brokerFlags, helpOf, keyOf, readFlags } from './options.ts';
import { createProgress } from './progress.ts';
import { type Copied, copyEntities } from './v2-import/entities.ts';
import { copySubscriptions } from './v2-import/subscriptions.ts';
import { createV2Client } from './v2-import/v2-client.ts';

const flags = {
  ...brokerFlags,
  tenant: { form: 'NAME', about: 'Fiware-Service, at both brokers; empty: the default one.', initial: '' },
  path: { form: 'PATH', about: 'Service path whose entities are copied.', initial: '/#' },
  inactive: { form: '', about: 'Create subscriptions inactive, so that only the other broker notifies.', initial: '' },
  'source-token': {
    form: 'TOKEN',
    about: 'X-Auth-Token for the other broker; empty: that in MLAKA_SOURCE_TOKEN.',
    initial: '',
  },
} as const;

const usage = `mlaka import-v2 URL [OPTIONS]

Copies entities with their service paths, and subscriptions, from the broker at URL to a running broker. Both are asked by
NGSI v2. Each document is read back and compared. It can be run again: what is there already is brought up to date.
The exit code is 1 when something is not there as it was.
`;

/** The number of flaws that the output lists one by one. */
const flawsMax = 20;

export const importV2: Command = {
  name: 'import-v2',
  summary: 'copies entities and subscriptions of another broker, such as Orion',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values, rest } = readFlags(args, flags, 1);
    const [from] = rest;
    if (from === undefined) throw new Error('Name the URL of the broker to copy from.');
    const service = values.tenant;
    const sourceKey = values['source-token'] || (process.env['MLAKA_SOURCE_TOKEN'] ?? '');
    const progress = createProgress(io.err, 'entities');
    const copying = {
      source: createV2Client({ url: from, service, key: sourceKey }, io.signal),
      target: createV2Client({ url: values.url, service, key: keyOf(values.key) }, io.signal),
      path: values.path,
      signal: io.signal,
      onProgress: (done: number) => progress.show(done),
    };
    const { paths, ...entities } = await copyEntities(copying);
    progress.end(entities.read);
    const subscriptions = await copySubscriptions({ ...copying, paths, isInactive: values.inactive === 'true' });
    tell('entities', entities, io);
    tell('subscriptions', subscriptions, io);
    return entities.flaws.length + subscriptions.flaws.length === 0 ? 0 : 1;
  },
};

function tell(what: string, { read, same, flaws }: Copied, { out }: Io): void {
  out.write(`${what}: ${read} read, ${same} there as they were, ${flaws.length} not\n`);
  for (const { id, reason } of flaws.slice(0, flawsMax)) out.write(`  ${id}: ${reason}\n`);
  if (flaws.length > flawsMax) out.write(`  and ${flaws.length - flawsMax} more\n`);
}
