/** Copies entities from one broker to another by NGSI v2, and reads each one back to compare it. */
import { isArray, isObject, type Json, type JsonObject, sameJson } from '../../../core/model/json.ts';
import { comparable } from './compare.ts';
import { requireSuccess, type V2Client } from './v2-client.ts';

/** What was not copied, or is not the same. */
export interface V2Flaw {
  readonly id: string;
  readonly reason: string;
}

export interface Copied {
  readonly read: number;
  readonly same: number;
  readonly flaws: readonly V2Flaw[];
}

export interface Copying {
  readonly source: V2Client;
  readonly target: V2Client;
  /** The service path that is read, such as `/#` for all. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Called with the number of entities that are done. */
  readonly onProgress: (done: number) => void;
}

const pageSize = 500;
/** Attributes beside those of users: they are read, and `dateExpires` is written. */
const attrs = '*,dateExpires,servicePath';

/** An entity with the service path in which it is. */
interface Located {
  readonly id: string;
  readonly servicePath: string;
  readonly entity: JsonObject;
}

/** Copies all entities. Returns also the service paths that they are in. */
export async function copyEntities(copying: Copying): Promise<Copied & { readonly paths: ReadonlySet<string> }> {
  const { source, path, signal, onProgress } = copying;
  const seen = new Set<string>();
  const paths = new Set<string>();
  const flaws: V2Flaw[] = [];
  let read = 0;
  for (let offset = 0; ; offset += pageSize) {
    signal.throwIfAborted();
    const line = `GET /v2/entities?attrs=${attrs}&limit=${pageSize}&offset=${offset}`;
    const { json } = requireSuccess(await source.send(line, { servicePath: path }), 'Entities could not be read');
    const page = (isArray(json) ? json : []).map((one) => located(one, path));
    read += page.length;
    for (const { servicePath } of page) paths.add(servicePath);
    const fresh: Located[] = [];
    for (const one of page) {
      if (seen.has(one.id)) flaws.push(repeated(one));
      else fresh.push(one);
      seen.add(one.id);
    }
    for (const [servicePath, group] of Map.groupBy(fresh, (one) => one.servicePath))
      flaws.push(...(await copyGroup(group, servicePath, copying)));
    onProgress(read);
    if (page.length < pageSize) return { read, same: read - flaws.length, flaws, paths };
  }
}

/** An entity of Orion has an id, a type and a path. Here an id is unique in its tenant. */
const repeated = ({ id, servicePath, entity }: Located): V2Flaw => ({
  id,
  reason: `There is another entity with this id. That of type ${JSON.stringify(entity['type'])} in ${servicePath} was left out.`,
});

/** Throws an Error when the source does not tell the path, and it was not asked for a single one. */
function located(json: Json, path: string): Located {
  const { servicePath: shown, ...entity } = isObject(json) ? json : {};
  const told = isObject(shown) ? shown['value'] : undefined;
  const { id } = entity;
  if (typeof id !== 'string') throw new Error('The source sent an entity without an id.');
  if (typeof told === 'string') return { id, servicePath: told, entity };
  if (/[#,]/.test(path))
    throw new Error(
      'The source does not tell the service paths of its entities, as Orion before 3.11. Name one path after the other with --path.',
    );
  return { id, servicePath: path, entity };
}

/** Writes entities of one path and compares what is there then. */
async function copyGroup(
  group: readonly Located[],
  servicePath: string,
  { target }: Copying,
): Promise<readonly V2Flaw[]> {
  const refused = await write(group, servicePath, target);
  const there = await readBack(group, servicePath, target);
  return group.flatMap(({ id, entity }) => {
    const found = there.get(JSON.stringify(id));
    const reason = refused.get(id) ?? (found ? differenceOf(entity, found) : 'It is not there.');
    return reason === undefined ? [] : [{ id, reason }];
  });
}

const differenceOf = (entity: JsonObject, found: JsonObject): string | undefined => {
  const [before, after] = [comparable(entity), comparable(found)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const different = names.filter((name) => !sameJson(before[name], after[name]));
  return different.length === 0 ? undefined : `These are not the same: ${different.join(', ')}.`;
};

/** Writes all in one request, and one by one when that is refused. Returns the reasons of refusals. */
async function write(
  group: readonly Located[],
  servicePath: string,
  target: V2Client,
): Promise<ReadonlyMap<string, string>> {
  const send = async (entities: readonly JsonObject[]): Promise<string | undefined> => {
    const body = { actionType: 'append', entities };
    const answer = await target.send('POST /v2/op/update?options=overrideMetadata', { body, servicePath });
    if (answer.status === 401 || answer.status === 403) requireSuccess(answer, 'Entities could not be written');
    return answer.status < 300 ? undefined : answer.text.slice(0, 300);
  };
  const reasons = new Map<string, string>();
  if ((await send(group.map(({ entity }) => entity))) === undefined) return reasons;
  for (const { id, entity } of group) {
    const reason = await send([entity]);
    if (reason !== undefined) reasons.set(id, reason);
  }
  return reasons;
}

async function readBack(
  group: readonly Located[],
  servicePath: string,
  target: V2Client,
): Promise<ReadonlyMap<string, JsonObject>> {
  const body = { entities: group.map(({ id }) => ({ id })), attrs: ['*', 'dateExpires'] };
  const line = `POST /v2/op/query?limit=${pageSize}&options=skipForwarding`;
  const { json } = requireSuccess(await target.send(line, { body, servicePath }), 'Entities could not be read back');
  return new Map((isArray(json) ? json : []).filter(isObject).map((one) => [JSON.stringify(one['id']), one]));
}
