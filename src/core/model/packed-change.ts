/** Packs changes for logs: stores only what cannot be derived from the entity, which the log stores too. */
import type { Instance } from './attribute.ts';
import type { AttributeChange, Change } from './change.ts';
import { instanceOf } from './dataset.ts';
import type { Entity } from './entity.ts';
import { type Instant, type Micros, microsOfInstant, stampOfMicros } from './instant.ts';

export interface PackedChange {
  readonly at: Micros;
  readonly event: Change['event'];
  readonly rest: ChangeRest;
}

/**
 * Left out: `attrs` when all instances were created or deleted together with the entity, and `at` when it is a time stamp in milliseconds.
 */
export interface ChangeRest {
  /** `after` is left out of an element when it is the entity's instance with the same name and dataset. */
  readonly attrs?: readonly AttributeChange[];
  readonly scopeChanged?: true;
  readonly at?: Instant;
  readonly correlator?: string;
}

/** The part of a change that must be stored besides its entity. */
export function packChange(change: Change): PackedChange {
  const { at, event, scopeChanged, correlator } = change;
  const micros = microsOfInstant(at);
  const rest: ChangeRest = {
    ...(isWhole(change) ? undefined : { attrs: change.attrs.map((one) => withoutKnown(one, change.entity)) }),
    ...(scopeChanged ? { scopeChanged } : undefined),
    ...(stampOfMicros(micros) === at ? undefined : { at }),
    ...(correlator === undefined ? undefined : { correlator }),
  };
  return { at: micros, event, rest };
}

/** Restores the change. */
export function unpackChange({ at, event, rest }: PackedChange, entity: Entity): Change {
  const { attrs, scopeChanged = false, at: exactAt = stampOfMicros(at), correlator } = rest;
  return {
    id: entity.id,
    at: exactAt,
    event,
    entity,
    attrs: attrs?.map((one) => withKnown(one, entity)) ?? (event === 'updated' ? [] : wholeChanges(entity, event)),
    scopeChanged,
    ...(correlator === undefined ? undefined : { correlator }),
  };
}

/** True when the changes are the same as the result of `wholeChanges`. */
function isWhole({ event, entity, attrs }: Change): boolean {
  if (event === 'updated') return false;
  const side = event === 'created' ? 'after' : 'before';
  let count = 0;
  for (const instances of Object.values(entity.attrs)) {
    for (const instance of instances) {
      if (attrs[count]?.[side] !== instance) return false;
      count += 1;
    }
  }
  return count === attrs.length;
}

/** Marks every instance as created or deleted together with the entity. */
function wholeChanges({ attrs }: Entity, event: 'created' | 'deleted'): readonly AttributeChange[] {
  return Object.entries(attrs).flatMap(([name, instances]) =>
    instances.map((instance) => ({
      name,
      ...(instance.datasetId === undefined ? undefined : { datasetId: instance.datasetId }),
      event,
      ...(event === 'created' ? { after: instance } : { before: instance }),
    })),
  );
}

function withoutKnown(change: AttributeChange, entity: Entity): AttributeChange {
  const { after, ...rest } = change;
  return after !== undefined && after === known(change, entity) ? rest : change;
}

function withKnown(change: AttributeChange, entity: Entity): AttributeChange {
  if (change.after !== undefined || change.event === 'deleted') return change;
  const after = known(change, entity);
  return after ? { ...change, after } : change;
}

const known = ({ name, datasetId }: AttributeChange, entity: Entity): Instance | undefined =>
  instanceOf(Object.hasOwn(entity.attrs, name) ? entity.attrs[name] : undefined, datasetId);
