/** Indexes the attribute events of a change, once for all subscriptions. */
import type { AttributeChange, Change } from '../model/change.ts';

export type AttributeEvent = AttributeChange['event'];

/** The distinct events of a change, and the events of each attribute. */
export interface AttributeEvents {
  readonly all: ReadonlySet<AttributeEvent>;
  readonly byName: ReadonlyMap<string, ReadonlySet<AttributeEvent>>;
}

const known = new WeakMap<Change, AttributeEvents>();

export function attributeEvents(change: Change): AttributeEvents {
  const events = known.get(change) ?? look(change);
  known.set(change, events);
  return events;
}

function look({ attrs }: Change): AttributeEvents {
  const byName = new Map<string, Set<AttributeEvent>>();
  for (const { name, event } of attrs) {
    const events = byName.get(name);
    if (events) events.add(event);
    else byName.set(name, new Set([event]));
  }
  return { all: new Set(attrs.map(({ event }) => event)), byName };
}
