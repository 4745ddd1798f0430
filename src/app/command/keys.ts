/** `mlaka keys`: creates, lists, revokes and rotates API keys, beside a running broker or without one. */
import { type DescribedKey, readNewKey } from '../../core/port/access-key.ts';
import type { Keys } from '../../core/port/keys.ts';
import { openKeyRing } from '../../edge/auth/key-ring.ts';
import { asksForHelp } from '../config/arguments.ts';
import { readConfig } from '../config/read-config.ts';
import type { Config } from '../config/options.ts';
import { createClock } from '../process.ts';
import { openStores } from '../stores.ts';
import type { Command, Io } from './command.ts';
import { findRunningBroker } from './control-client.ts';
import { helpOf, readFlags, wholeOf } from './options.ts';
import { createRemoteKeys } from './remote-keys.ts';

const flags = {
  role: {
    form: 'ROLE[,ROLE...]',
    about: 'Roles of the new key: administrator, writer, reader, or one of your grants.',
    initial: '',
  },
  expires: { form: 'DAYS', about: 'Days until the new key ends; empty: never.', initial: '' },
  overlap: { form: 'SECONDS', about: 'How long the old secret stays valid after a rotation.', initial: '86400' },
  data: { form: 'FOLDER', about: 'Folder of the broker, as for serve; empty: as serve takes it.', initial: '' },
  store: {
    form: 'sqlite|mongo|memory',
    about: 'Where the broker keeps its data; empty: as serve takes it.',
    initial: '',
  },
  'mongo-url': { form: 'URL', about: 'The MongoDB of the broker; empty: as serve takes it.', initial: '' },
  config: { form: 'FILE', about: 'Configuration file of the broker; empty: as serve takes it.', initial: '' },
} as const;

const usage = `mlaka keys create NAME --role ROLE [OPTIONS]
mlaka keys list [OPTIONS]
mlaka keys rotate NAME [--overlap SECONDS] [OPTIONS]
mlaka keys revoke NAME [OPTIONS]

Works on the keys of the broker on the same data folder or MongoDB, whether it runs or not. What changes is in force
within a second. create and rotate print the key alone on standard output. It cannot be shown again.
`;

type Values = Readonly<Record<keyof typeof flags, string>>;

export const keys: Command = {
  name: 'keys',
  summary: 'creates, lists, revokes and rotates API keys',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values, rest } = readFlags(args, flags, 2);
    const [action = '', name = ''] = rest;
    const task = tasks[action];
    if (!task) throw new Error(`Say what to do: keys create, list, rotate or revoke, not ${JSON.stringify(action)}.`);
    if ((name === '') !== (action === 'list'))
      throw new Error(action === 'list' ? 'keys list takes no name.' : `keys ${action} needs the name of a key.`);
    await withKeys(configOf(values), (all) => task(all, { name, values, io }));
    return 0;
  },
};

/** A hundred years. A time after the year 275760 cannot be written. */
const daysMax = 36_500;

interface TaskInput {
  readonly name: string;
  readonly values: Values;
  readonly io: Io;
}

const tasks: Readonly<Record<string, (keys: Keys, input: TaskInput) => Promise<void>>> = {
  create: async (all, { name, values, io }) => {
    const now = createClock().now();
    const days = values.expires === '' ? undefined : wholeOf('expires', values.expires, 1);
    if (days !== undefined && days > daysMax) throw new Error(`--expires may be at most ${daysMax} days.`);
    const expiresAt = days === undefined ? undefined : new Date(Date.parse(now) + days * 86_400_000).toISOString();
    if (values.role === '') throw new Error('keys create needs --role, such as --role reader.');
    const roles = values.role.split(',').map((role) => role.trim());
    io.out.write(`${await all.create(readNewKey({ name, roles, ...(expiresAt ? { expiresAt } : undefined) }, now))}\n`);
  },
  list: async (all, { io }) => {
    for (const key of await all.list()) io.out.write(`${lineOf(key)}\n`);
  },
  rotate: async (all, { name, values, io }) => {
    io.out.write(`${await all.rotate(name, wholeOf('overlap', values.overlap, 0))}\n`);
  },
  revoke: async (all, { name, io }) => {
    await all.revoke(name);
    io.err.write(`The key ${name} is revoked.\n`);
  },
};

const lineOf = ({ name, roles, createdAt, expiresAt, lastUsedAt }: DescribedKey): string =>
  [
    name,
    roles.join(','),
    `created ${createdAt}`,
    expiresAt === undefined ? 'does not expire' : `expires ${expiresAt}`,
    lastUsedAt === undefined ? 'never used' : `last used ${lastUsedAt}`,
  ].join('  ');

/** The configuration that serve would use, with the flags that are given here. */
function configOf(values: Values): Config {
  const names = ['data', 'store', 'mongo-url', 'config'] as const;
  const args = names.flatMap((name) => (values[name] === '' ? [] : [`--${name}=${values[name]}`]));
  return readConfig({ args, env: process.env });
}

/** Uses the running broker when there is one on the data folder, else the store itself. */
async function withKeys(config: Config, use: (keys: Keys) => Promise<void>): Promise<void> {
  const send = await findRunningBroker(config.data);
  if (send) return use(createRemoteKeys(send));
  if (config.store === 'memory')
    throw new Error(
      `No running broker answers in the folder ${config.data}, and nothing of a broker in memory is kept.`,
    );
  return useStore(config, use);
}

async function useStore(config: Config, use: (keys: Keys) => Promise<void>): Promise<void> {
  const observe = (): void => undefined;
  const stores = await openStores(config, { observe, owner: 'mlaka keys' });
  try {
    const store = await stores.open('', true);
    if (!store) throw new Error('The store of the keys cannot be opened.');
    const ring = await openKeyRing({ store, clock: createClock(), observe });
    await use(ring).finally(() => ring.close());
  } finally {
    await stores.close();
  }
}
