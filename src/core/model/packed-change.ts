/** Changes as logs keep them: beside the text of the entity, only what cannot be told from it. */
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

/** Left out: `attrs` when all instances were created or deleted with the entity, a time that is a stamp of milliseconds. */
export interface ChangeRest {
  /** Left out of each: an `after` that is the entity's instance of that name and dataset. */
  readonly attrs?: readonly AttributeChange[];
  readonly scopeChanged?: true;
  readonly at?: Instant;
}

/** What is to be kept of a change beside its entity. */
export function packChange(change: Change): PackedChange {
  const { at, event, scopeChanged } = change;
  const micros = microsOfInstant(at);
  const rest: ChangeRest = {
    ...(isWhole(change) ? undefined : { attrs: change.attrs.map((one) => withoutKnown(one, change.entity)) }),
    ...(scopeChanged ? { scopeChanged } : undefined),
    ...(stampOfMicros(micros) === at ? undefined : { at }),
  };
  return { at: micros, event, rest };
}

/** The change again. */
export function unpackChange({ at, event, rest }: PackedChange, entity: Entity): Change {
  const { attrs, scopeChanged = false, at: exactAt = stampOfMicros(at) } = rest;
  return {
    id: entity.id,
    at: exactAt,
    event,
    entity,
    attrs: attrs?.map((one) => withKnown(one, entity)) ?? (event === 'updated' ? [] : wholeChanges(entity, event)),
    scopeChanged,
  };
}

/** True when the changes are those of `wholeChanges`. */
function isWhole({ event, entity, attrs }: Change): boolean {
  if (event === 'updated') return false;
  const instances = Object.values(entity.attrs).flat();
  const side = event === 'created' ? 'after' : 'before';
  return attrs.length === instances.length && attrs.every((one, index) => one[side] === instances[index]);
}

/** Every instance of an entity as created, or as deleted, with the entity. */
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
