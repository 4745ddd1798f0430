/** `mlaka grants apply FILE`: makes the grants of a running broker those of a file, which can be kept under version control. */
import { readFile } from 'node:fs/promises';
import { isArray, isObject, type Json, type JsonObject, parseJson, sameJson } from '../../core/model/json.ts';
import { asksForHelp } from '../config/arguments.ts';
import { readConfig } from '../config/read-config.ts';
import type { Command, Io } from './command.ts';
import { findRunningBroker, type SendControl } from './control-client.ts';
import { helpOf, readFlags } from './options.ts';

const flags = {
  'dry-run': { form: '', about: 'Only print what would change.', initial: '' },
  prune: { form: '', about: 'Delete the grants that are not in the file.', initial: '' },
  data: { form: 'FOLDER', about: 'Folder of the broker, as for serve; empty: as serve takes it.', initial: '' },
  config: { form: 'FILE', about: 'Configuration file of the broker; empty: as serve takes it.', initial: '' },
} as const;

const usage = `mlaka grants apply FILE [OPTIONS]

FILE is JSON: a list of grants, each with an id, as GET /ngsi-ld/v1/access/grants shows them. Names of types and
attributes are terms of the default @context of the broker, or IRIs. The broker must run on this machine.
Prints one line for each difference: + is created, ~ is replaced, - is deleted.
`;

export const grants: Command = {
  name: 'grants',
  summary: 'makes the grants of a running broker those of a file',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values, rest } = readFlags(args, flags, 2);
    const [action = '', file = ''] = rest;
    if (action !== 'apply' || file === '') throw new Error('Say what to do: grants apply FILE.');
    const wanted = grantsIn(parseJson(await readFile(file, 'utf8')));
    const send = await connect(values);
    const plan = difference(wanted, await readAll(send), values.prune === 'true');
    await apply(plan, { send: values['dry-run'] === 'true' ? undefined : send, io });
    return 0;
  },
};

async function connect(values: Readonly<Record<'data' | 'config', string>>): Promise<SendControl> {
  const args = (['data', 'config'] as const).flatMap((name) =>
    values[name] === '' ? [] : [`--${name}=${values[name]}`],
  );
  const config = readConfig({ args, env: process.env });
  const send = await findRunningBroker(config.data);
  if (!send) throw new Error(`No running broker answers in the folder ${config.data}. Start it first.`);
  return send;
}

interface NamedGrant extends JsonObject {
  readonly id: string;
}

function grantsIn(json: Json): readonly NamedGrant[] {
  if (!isArray(json)) throw new Error('The file must be a list of grants.');
  return json.map((grant, index) => {
    if (!isObject(grant) || typeof grant['id'] !== 'string') throw new Error(`Grant ${index + 1} has no id.`);
    return { ...grant, id: grant['id'] };
  });
}

const pageSize = 1000;

async function readAll(send: SendControl): Promise<readonly NamedGrant[]> {
  const all: NamedGrant[] = [];
  for (;;) {
    const page = grantsIn((await send('GET', `/access/grants?limit=${pageSize}&offset=${all.length}`)) ?? []);
    all.push(...page);
    if (page.length < pageSize) return all;
  }
}

interface Change {
  readonly sign: '+' | '~' | '-';
  readonly id: string;
  readonly text: string;
  readonly body?: JsonObject;
}

function difference(wanted: readonly NamedGrant[], present: readonly NamedGrant[], prune: boolean): readonly Change[] {
  const before = new Map(present.map((grant) => [grant.id, contentOf(grant)]));
  const wantedIds = new Set(wanted.map(({ id }) => id));
  if (wantedIds.size < wanted.length) throw new Error('Two grants of the file have the same id.');
  const changed = wanted.flatMap((grant): readonly Change[] => {
    const [old, next] = [before.get(grant.id), contentOf(grant)];
    const body = { id: grant.id, ...next };
    if (!old) return [{ sign: '+', id: grant.id, text: JSON.stringify(next), body }];
    const members = [...new Set([...Object.keys(old), ...Object.keys(next)])];
    const texts = members.filter((name) => !sameJson(old[name], next[name])).map((name) => memberText(name, old, next));
    return texts.length === 0 ? [] : [{ sign: '~', id: grant.id, text: texts.join(', '), body }];
  });
  const deleted = prune ? present.filter(({ id }) => !wantedIds.has(id)) : [];
  return [
    ...changed,
    ...deleted.map((grant): Change => ({ sign: '-', id: grant.id, text: JSON.stringify(contentOf(grant)) })),
  ];
}

const memberText = (name: string, old: JsonObject, next: JsonObject): string =>
  `${name}: ${JSON.stringify(old[name] ?? null)} -> ${JSON.stringify(next[name] ?? null)}`;

/** The grant without what the broker sets. */
const contentOf = ({ id: _id, ...grant }: NamedGrant): JsonObject =>
  Object.fromEntries(Object.entries(grant).filter(([name]) => !setByBroker.has(name)));

const setByBroker = new Set(['type', 'version', 'createdAt', 'createdBy', 'modifiedAt', 'modifiedBy', '@context']);

/** Carries out the changes one by one. Without `send`, only prints them. */
async function apply(
  changes: readonly Change[],
  { send, io }: { readonly send: SendControl | undefined; readonly io: Io },
): Promise<void> {
  for (const { sign, id, text, body } of changes) {
    const path = `/access/grants/${encodeURIComponent(id)}`;
    if (sign === '+') await send?.('POST', '/access/grants', body);
    else await send?.(sign === '~' ? 'PUT' : 'DELETE', path, body);
    io.out.write(`${sign} ${id} ${text}\n`);
  }
  if (changes.length === 0) io.err.write('Nothing is different.\n');
}
