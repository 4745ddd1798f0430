/** Merges the entities of this broker with what context sources have of them (clauses 4.3.6, 4.5.5). */
import { mergeEntities, type EntityCopy } from '../../federation/merge-entities.ts';
import { type Owners, ownersIn, withoutForeign } from '../../federation/narrow.ts';
import type { Registration } from '../../federation/registration.ts';
import type { Filter } from '../../language/filter.ts';
import type { Entity } from '../../model/entity.ts';
import type { Stored } from '../../port/store.ts';
import { createContentOf } from '../content.ts';
import type { CallContext } from '../operation.ts';
import type { Reply } from './ask-sources.ts';

interface Merging {
  readonly replies: readonly Reply[];
  /** The registrations that match the request: those of exclusive sources have attributes for themselves. */
  readonly matching: readonly Registration[];
  /** With which the local entities were found. */
  readonly filter: Filter;
  readonly call: CallContext;
}

/** All entities, those of this broker first. Entities of this broker that no source has stay as they were found. */
export async function mergeCopies(
  local: readonly Stored[],
  { replies, matching, filter, call }: Merging,
): Promise<readonly Stored[]> {
  const remote = copiesById(replies);
  const content = createContentOf(filter, call);
  const owners = ownersIn(matching);
  const merged: Stored[] = [];
  for (const stored of local) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    const others = remote.get(stored.id) ?? [];
    remote.delete(stored.id);
    if (others.length === 0 && !owners.has(stored.id)) {
      merged.push(stored);
    } else {
      const whole = await content(stored);
      merged.push(...mergedStored([...(whole ? [{ entity: whole.entity() }] : []), ...others], owners, call));
    }
  }
  for (const copies of remote.values()) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    merged.push(...mergedStored(copies, owners, call));
  }
  return merged;
}

function copiesById(replies: readonly Reply[]): Map<string, Copy[]> {
  const remote = new Map<string, Copy[]>();
  for (const { registration, entities } of replies)
    for (const entity of entities) {
      const copies = remote.get(entity.id);
      if (copies) copies.push({ registration, entity });
      else remote.set(entity.id, [{ registration, entity }]);
    }
  return remote;
}

interface Copy {
  readonly entity: Entity;
  /** Absent: the entity of this broker. */
  readonly registration?: Registration;
}

/** Only the source of an exclusive registration counts for its attributes. */
function mergedStored(copies: readonly Copy[], owners: Owners, { now }: CallContext): readonly Stored[] {
  const id = copies[0]?.entity.id ?? '';
  const kept = copies.map(
    ({ entity, registration }): EntityCopy => ({
      entity: withoutForeign(entity, owners, registration),
      isAuxiliary: registration?.mode === 'auxiliary',
    }),
  );
  const entity = mergeEntities(kept, now);
  return entity ? [{ id, version: 0, cursor: 0, isPart: true, types: () => entity.types, entity: () => entity }] : [];
}
