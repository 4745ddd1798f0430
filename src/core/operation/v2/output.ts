/** Writes entities as JSON text in the representations of NGSI v2. The text of the same version in the same view is cached. */
import type { Stored } from '../../port/store.ts';
import { renderV2Attributes, renderV2Entity, type V2View } from '../../v2/render-entity.ts';
import type { ContentOf } from '../content.ts';
import { listText, type Text } from '../long-text.ts';
import type { CallContext } from '../operation.ts';

/** How an entity is written: as a whole, or its attributes alone. */
export interface Output {
  readonly view: V2View;
  readonly isBare?: boolean;
}

/** The JSON text of an entity. */
export const entityText = (stored: Stored, output: Output, call: CallContext): string => textIn(output, call)(stored);

/** Writes entities in a view. What identifies the view is written once for all of them: it may be long. */
function textIn({ view, isBare = false }: Output, call: CallContext): (stored: Stored) => string {
  const render = isBare ? renderV2Attributes : renderV2Entity;
  const key = `v2 ${isBare} ${call.context.key} ${JSON.stringify([view.format, view.attrs, view.metadata, view.types])}`;
  return (stored) => {
    const { id, version, part = '', isPart = false } = stored;
    const write = (): string => JSON.stringify(render(stored.entity(), view));
    if (isPart) return write();
    return call.services.renders.text({ tenant: call.tenant, id, version, view: `${key} ${part}` }, write);
  };
}

/** The JSON text of a list of entities. */
export function entitiesText(
  found: readonly Stored[],
  { view, content }: { readonly view: V2View; readonly content: ContentOf },
  call: CallContext,
): Promise<Text> {
  const textOf = textIn({ view }, call);
  const whole = (stored: Stored | undefined): string | undefined => stored && textOf(stored);
  const write = (stored: Stored): string | undefined | Promise<string | undefined> => {
    const known = content(stored);
    return known instanceof Promise ? known.then(whole) : whole(known);
  };
  const { yieldToEventLoop } = call.services;
  return listText(found, { open: '[', close: ']', write, heldOf: ({ held = 0 }) => held, yieldToEventLoop });
}
