/** Remembers the types of entities, so that the audit parses no entity that is read often. */
import type { Store, Stored } from '../port/store.ts';

interface Known {
  readonly version: number;
  readonly types: readonly string[];
}

const known = new WeakMap<Store, Map<string, Known>>();

/** Most entities of a store whose types are remembered. */
const knownMax = 20_000;

/** The expanded types of an entity of the store. Undefined for a large one that was found without its content. */
export function knownTypes(store: Store, stored: Stored): readonly string[] | undefined {
  const ofStore = known.get(store) ?? new Map<string, Known>();
  known.set(store, ofStore);
  const before = ofStore.get(stored.id);
  if (before?.version === stored.version) return before.types;
  if (stored.size !== undefined) return undefined;
  const { types } = stored.entity();
  if (ofStore.size >= knownMax) ofStore.clear();
  ofStore.set(stored.id, { version: stored.version, types });
  return types;
}
