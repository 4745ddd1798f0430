/** `mlaka subject`: finds, exports and erases the data of one subject, beside a running broker or without one. */
import { createRegistrations } from '../../core/federation/registrations.ts';
import { isArray, type Json, type JsonObject } from '../../core/model/json.ts';
import { readId } from '../../core/model/read/id.ts';
import { createSnapshotRuns } from '../../core/operation/snapshot/runs.ts';
import { findAll } from '../../core/operation/subject/find.ts';
import { reportJson, reportOn } from '../../core/operation/subject/report.ts';
import { type SubjectContext, subjectContext } from '../../core/operation/subject/subject-context.ts';
import { documentOf, erasureOf, foundText } from '../../core/operation/subject/subjects.ts';
import { asksForHelp } from '../config/arguments.ts';
import type { Config } from '../config/options.ts';
import { readConfig } from '../config/read-config.ts';
import { createClock } from '../process.ts';
import { openStores } from '../stores.ts';
import { subjectServices } from '../subject-services.ts';
import type { Command, Io } from './command.ts';
import { findRunningBroker, type SendControl } from './control-client.ts';
import { helpOf, readFlags } from './options.ts';

const flags = {
  tenant: { form: 'NAME', about: 'Tenant; empty: the default one.', initial: '' },
  'dry-run': { form: '', about: 'Only say what erase would erase.', initial: 'false' },
  data: { form: 'FOLDER', about: 'Folder of the broker, as for serve; empty: as serve takes it.', initial: '' },
  store: {
    form: 'sqlite|mongo|memory',
    about: 'Where the broker keeps its data; empty: as serve takes it.',
    initial: '',
  },
  'mongo-url': { form: 'URL', about: 'The MongoDB of the broker; empty: as serve takes it.', initial: '' },
  backups: { form: 'FOLDER', about: 'Folder with backups; empty: as serve takes it.', initial: '' },
  config: { form: 'FILE', about: 'Configuration file of the broker; empty: as serve takes it.', initial: '' },
} as const;

const usage = `mlaka subject find ID [OPTIONS]
mlaka subject export ID [OPTIONS]
mlaka subject erase ID [--dry-run] [OPTIONS]

Works on the data of the broker on the same data folder or MongoDB, whether it runs or not. ID is the id of an entity, such as
urn:ngsi-ld:Person:ana, or the subject of credentials, such as key:NAME. find and erase print a report, export prints everything that
names the subject, a line for each. docs/privacy.md says what is found and erased.
`;

type Values = Readonly<Record<keyof typeof flags, string>>;

export const subject: Command = {
  name: 'subject',
  summary: 'finds, exports and erases the data of one person',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values, rest } = readFlags(args, flags, 2);
    const [action = '', id = ''] = rest;
    const task = tasks[action];
    if (!task) throw new Error(`Say what to do: subject find, export or erase, not ${JSON.stringify(action)}.`);
    if (id === '') throw new Error(`subject ${action} needs the id of the subject.`);
    await withSubject(readId(id, 'the id of the subject'), values, (one) =>
      task(one, { isDryRun: values['dry-run'] === 'true', io }),
    );
    return 0;
  },
};

/** What the command needs, of a running broker or of the store itself. */
interface SubjectData {
  find(): Promise<Json>;
  /** Everything that names the subject, as JSON texts. */
  all(): AsyncIterable<string>;
  erase(isDryRun: boolean): Promise<Json>;
}

type Task = (data: SubjectData, how: { readonly isDryRun: boolean; readonly io: Io }) => Promise<void>;

const tasks: Readonly<Record<string, Task>> = {
  find: async (data, { io }) => print(await data.find(), io),
  export: async (data, { io }) => {
    for await (const text of data.all()) io.out.write(`${text}\n`);
  },
  erase: async (data, { isDryRun, io }) => print(await data.erase(isDryRun), io),
};

const print = (json: Json, io: Io): void => void io.out.write(`${JSON.stringify(json, undefined, 2)}\n`);

/** The configuration that serve would use, with the flags that are given here. */
function configOf(values: Values): Config {
  const names = ['data', 'store', 'mongo-url', 'backups', 'config'] as const;
  const args = names.flatMap((name) => (values[name] === '' ? [] : [`--${name}=${values[name]}`]));
  return readConfig({ args, env: process.env });
}

/** Uses the running broker when there is one on the data folder, else the store itself. */
async function withSubject(id: string, values: Values, use: (data: SubjectData) => Promise<void>): Promise<void> {
  const config = configOf(values);
  const send = await findRunningBroker(config.data, values.tenant);
  if (send) return use(remoteData(id, send));
  if (config.store === 'memory')
    throw new Error(
      `No running broker answers in the folder ${config.data}, and nothing of a broker in memory is kept.`,
    );
  return withStores(config, async (services) => {
    const store = await services.stores.open(values.tenant, false);
    if (!store) throw new Error(`There is no tenant named ${JSON.stringify(values.tenant)}.`);
    await use(localData(subjectContext(id, { tenant: values.tenant, store, services })));
  });
}

function remoteData(id: string, send: SendControl): SubjectData {
  const path = `/access/subjects/${encodeURIComponent(id)}`;
  return {
    find: async () => (await send('GET', path)) ?? null,
    async *all() {
      const found = await send('GET', `${path}/export`);
      for (const one of isArray(found) ? found : []) yield JSON.stringify(one);
    },
    erase: async (isDryRun) => (await send('DELETE', isDryRun ? `${path}?dryRun=true` : path)) ?? null,
  };
}

const localData = (context: SubjectContext): SubjectData => ({
  find: async (): Promise<JsonObject> => documentOf(context, reportJson(await reportOn(context))),
  async *all() {
    for await (const found of findAll(context)) yield foundText(found);
  },
  erase: (isDryRun) => erasureOf(context, isDryRun),
});

/** Opens the stores without a broker. Nothing is delivered meanwhile. */
async function withStores(config: Config, use: (services: SubjectContext['services']) => Promise<void>): Promise<void> {
  const observe = (): void => undefined;
  const stores = await openStores(config, { observe, owner: 'mlaka subject' });
  try {
    await use({
      stores,
      clock: createClock(),
      registrations: createRegistrations({ stores, observe }),
      subscriptions: { refresh: () => Promise.resolve(), forgetChanges: () => Promise.resolve() },
      snapshots: createSnapshotRuns({ observe }),
      ...subjectServices(config),
    });
  } finally {
    await stores.close();
  }
}
