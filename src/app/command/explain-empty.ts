/** Explains an empty result: unknown names, or times without observations. */
import { isArray, isObject } from '../../core/model/json.ts';
import { nearestOf } from '../config/nearest.ts';
import { type Client, detailOf } from './client.ts';

/** The request, with names in the @context of the client. */
interface QueriedNames {
  readonly type: string;
  /** Comma-separated attribute names; empty or absent: all. */
  readonly attrs?: string;
}

/** A sentence about a type or attribute that the broker does not have; undefined when it has all of them. */
export async function unknownName(client: Client, { type, attrs = '' }: QueriedNames): Promise<string | undefined> {
  const types = await namesIn(client, '/types', 'typeList');
  if (types.length === 0) return 'The broker holds no entities here.';
  return (
    unknownIn(type === '*' ? '' : type, types, 'There are no entities of the type') ??
    (attrs === ''
      ? undefined
      : unknownIn(attrs, await namesIn(client, '/attributes', 'attributeList'), 'Nothing has the attribute'))
  );
}

async function namesIn(client: Client, path: string, member: string): Promise<readonly string[]> {
  const { status, body } = await client.send('GET', path);
  const list = isObject(body) ? body[member] : undefined;
  if (status !== 200 || !isArray(list)) throw new Error(`The broker answered ${status} to ${path}: ${detailOf(body)}`);
  return list.filter((name) => typeof name === 'string');
}

/** The number of known names that the message lists when none is similar. */
const namesMax = 10;

function unknownIn(text: string, known: readonly string[], sentence: string): string | undefined {
  const unknown = text.split(/[,;|()]/).find((name) => name !== '' && !known.includes(name));
  if (unknown === undefined) return undefined;
  const message = `${sentence} ${unknown}.`;
  const same = known.find((name) => localOf(name) === localOf(unknown));
  if (same !== undefined)
    return `${message} Did you mean ${same}? Name it so, or give the @context of short names with --context URL.`;
  const near = nearestOf(localOf(unknown), known.map(localOf));
  const meant = known.find((name) => localOf(name) === near);
  if (meant !== undefined) return `${message} Did you mean ${meant}?`;
  const more = known.length > namesMax ? `, and ${known.length - namesMax} more` : '';
  return `${message} There are: ${known.slice(0, namesMax).join(', ')}${more}.`;
}

/** The last part of an IRI, which is its short name in most @contexts. */
const localOf = (name: string): string => name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('#')) + 1);
