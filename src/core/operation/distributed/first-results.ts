/**
 * Completes the first results of a query: this broker and each source were asked for their first entities only. The results are ordered by
 * those who have them, this broker first. So the first of each are enough to tell which the first results are; those who have more are asked
 * for their part of them.
 */
import type { EntityMapContent } from '../../federation/entity-map.ts';
import type { Registration } from '../../federation/registration.ts';
import type { Stored } from '../../port/store.ts';
import type { CallContext } from '../operation.ts';
import { askChosen } from './ask-for-entities.ts';
import type { Question, Reply } from './ask-sources.ts';

/** Most results that are read so. Beyond, everything is read. */
export const firstMax = 1000;

interface Read {
  readonly local: readonly Stored[];
  readonly replies: readonly Reply[];
}

/** The parts of the results. `isAll`: of all results, because nothing was cut. */
export async function firstResults(
  read: Read,
  { question, chosen }: { readonly question: Question; readonly chosen: { readonly asked: readonly Registration[] } },
  call: CallContext,
): Promise<Read & { readonly isAll: boolean }> {
  const { most, ...whole } = question;
  const { local, replies } = read;
  const isCut = local.length === most || replies.some((reply) => reply.isCut === true);
  if (most === undefined || !isCut) return { ...read, isAll: true };
  const all = [...local, ...replies.flatMap(({ entities }) => entities)].map(({ id }) => id);
  const first = new Set([...new Set(all)].slice(0, most));
  const missing = missingAt(replies, first);
  const asked = chosen.asked.filter(({ id }) => missing.has(id));
  const others = await askChosen({ asked }, { ...whole, map: mapOf(missing) }, call);
  return {
    local: local.filter(({ id }) => first.has(id)),
    replies: [
      ...replies.map((reply) => ({ ...reply, entities: reply.entities.filter(({ id }) => first.has(id)) })),
      ...others,
    ],
    isAll: false,
  };
}

/** By registration, the first results of which its source may have a part that was not read. */
function missingAt(replies: readonly Reply[], first: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const missing = new Map<string, readonly string[]>();
  for (const { registration, entities, isCut } of replies) {
    const known = new Set(entities.map(({ id }) => id));
    const ids = isCut === true ? [...first].filter((id) => !known.has(id)) : [];
    if (ids.length > 0) missing.set(registration.id, ids);
  }
  return missing;
}

/** Which sources are asked for which entities. */
function mapOf(missing: ReadonlyMap<string, readonly string[]>): EntityMapContent {
  const entities = new Map<string, string[]>();
  for (const [registration, ids] of missing)
    for (const id of ids) entities.set(id, [...(entities.get(id) ?? []), registration]);
  return { entities, linked: {} };
}
