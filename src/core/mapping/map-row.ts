/** Converts a row to an entity according to a map. */
import { valueMember } from '../model/attribute.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { RowError } from './row-error.ts';
import type { EntityMap, MappedAttribute } from './entity-map.ts';
import type { Row } from './row.ts';

/** The result of a row: an entity, or the reason why there is none. */
export type Mapped =
  | { readonly outcome: 'entity'; readonly id: string; readonly whole: JsonObject; readonly part: JsonObject }
  | { readonly outcome: 'skipped' | 'rejected'; readonly reason: string };

/** `whole` has all attributes. `part` leaves out the attributes that are the same in all rows of an entity. */
export function mapRow(map: EntityMap, row: Row): Mapped {
  try {
    const reason = map.skip(row);
    return reason === undefined ? entityOf(map, row) : { outcome: 'skipped', reason };
  } catch (error) {
    if (error instanceof RowError) return { outcome: 'rejected', reason: error.message };
    throw error;
  }
}

function entityOf(map: EntityMap, row: Row): Mapped {
  const id = map.id(row);
  if (id === undefined) throw new RowError('a column of the id is empty');
  const observedAt = map.observedAt?.(row);
  if (map.observedAt && observedAt === undefined) throw new RowError('the time of the row is empty');
  const named = begun(map, id);
  const part: Record<string, Json> = { ...named };
  const whole: Record<string, Json> = { ...named, type: map.type };
  for (const attribute of map.attributes) {
    const value = attribute.read(row);
    if (value === undefined && attribute.isRequired) throw new RowError(`there is no value for ${attribute.name}`);
    if (value === undefined) continue;
    const instance = instanceOf(attribute, value, observedAt);
    whole[attribute.name] = instance;
    if (!attribute.isFixed) part[attribute.name] = instance;
  }
  return { outcome: 'entity', id, whole, part };
}

const begun = ({ context }: EntityMap, id: string): JsonObject => ({
  id,
  ...(context === undefined ? undefined : { '@context': context }),
});

function instanceOf(
  { kind, language, members, isObserved }: MappedAttribute,
  value: Json,
  observedAt: Json | undefined,
): JsonObject {
  return {
    type: kind,
    [valueMember[kind]]: language === undefined ? value : { [language]: value },
    ...members,
    ...(isObserved && observedAt !== undefined ? { observedAt } : undefined),
  };
}
