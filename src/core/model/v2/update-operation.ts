/** Computes new values by the update operators of NGSI v2. */
import type { UpdateOperation } from './assignment.ts';
import type { Instance } from '../attribute.ts';
import { microsOf } from '../instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import { Problem } from '../problem.ts';
import { createJsonSet } from './json-set.ts';

/**
 * The value after all operations, in order. Undefined when there is no value before and the operators make none. Throws Conflict when an
 * operator does not fit the value.
 */
export function applyOperations(
  operations: readonly UpdateOperation[],
  before: Instance | undefined,
): Json | undefined {
  if (before && before.kind !== 'Property' && before.kind !== 'JsonProperty' && before.kind !== 'ListProperty')
    throw unfit(operations[0]?.name ?? '', before.value);
  const value = before && plain(before.value);
  return operations.reduce((current, operation) => applyOne(operation, current), value);
}

/** A JSON-LD typed value is computed with by its `@value`. */
const plain = (value: Json): Json => (isObject(value) && '@value' in value ? (value['@value'] ?? null) : value);

/** Characters of a value that a problem shows. */
const shownMax = 200;

function unfit(name: string, value: Json): Problem {
  const text = JSON.stringify(value);
  const shown = text.length > shownMax ? `${text.slice(0, shownMax)}...` : text;
  return new Problem('Conflict', `${name} cannot be applied to the value ${shown}`);
}

function applyOne(operation: UpdateOperation, before: Json | undefined): Json | undefined {
  switch (operation.name) {
    case '$inc':
    case '$mul':
      return calculated(operation, before ?? 0);
    case '$min':
    case '$max':
      return extreme(operation, before);
    case '$push':
    case '$addToSet':
      return withElements(operation, before ?? []);
    case '$pull':
    case '$pullAll':
      return before === undefined ? undefined : withoutElements(operation, before);
    case '$set':
      return isObject(operation.operand) ? withMembers(operation.operand, before ?? {}) : operation.operand;
    case '$unset':
      return before === undefined ? undefined : withoutMembers(operation, before);
  }
}

function calculated({ name, operand }: UpdateOperation, before: Json): Json {
  if (typeof before !== 'number' || typeof operand !== 'number') throw unfit(name, before);
  const result = name === '$inc' ? before + operand : before * operand;
  if (!Number.isFinite(result)) throw unfit(name, before);
  return result;
}

function extreme({ name, operand, time }: UpdateOperation, before: Json | undefined): Json {
  const isTime = time !== undefined && (before === undefined || (typeof before === 'string' && isInstant(before)));
  const other = isTime ? time : operand;
  const present = before ?? (typeof other === 'number' ? 0 : isTime ? epoch : '');
  const difference = compare(present, other);
  if (difference === undefined) throw unfit(name, present);
  return (name === '$min') === difference > 0 ? other : present;
}

const epoch = '1970-01-01T00:00:00.000Z';
const isInstant = (text: string): boolean => microsOf(text) !== undefined;

/** Positive, zero or negative when the first is greater, equal or smaller. Undefined when the two have no order. */
function compare(a: Json, b: Json): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a > b ? 1 : a < b ? -1 : 0;
  return undefined;
}

function withElements({ name, operand }: UpdateOperation, before: Json): Json {
  if (!isArray(before)) throw unfit(name, before);
  const { elements, position } = elementsOf(operand);
  if (name === '$push') return before.toSpliced(position ?? before.length, 0, ...elements);
  const present = createJsonSet(before);
  return [...before, ...elements.filter((element) => present.add(element))];
}

/** `{"$each": [...], "$position": n}` stands for several elements. */
function elementsOf(operand: Json): { readonly elements: readonly Json[]; readonly position?: number } {
  const { $each: each, $position: position } = isObject(operand) ? operand : {};
  if (each === undefined || !isArray(each)) return { elements: [operand] };
  return { elements: each, ...(typeof position === 'number' ? { position } : undefined) };
}

function withoutElements({ name, operand }: UpdateOperation, before: Json): Json {
  if (!isArray(before)) throw unfit(name, before);
  const gone = createJsonSet(name === '$pullAll' && isArray(operand) ? operand : [operand]);
  return before.filter((element) => !gone.has(element));
}

function withMembers(members: JsonObject, before: Json): Json {
  if (!isObject(before)) throw unfit('$set', before);
  return { ...before, ...members };
}

function withoutMembers({ name, operand }: UpdateOperation, before: Json): Json {
  if (!isObject(before)) throw unfit(name, before);
  const gone = new Set(isObject(operand) ? Object.keys(operand) : []);
  return Object.fromEntries(Object.entries(before).filter(([member]) => !gone.has(member)));
}
