/** Says what sources are asked for: entities, or what another capability reads from them. */
import { narrowEntity } from '../../federation/narrow.ts';
import { readCopy } from '../../federation/read-copy.ts';
import type { Registration } from '../../federation/registration.ts';
import type { Demand } from '../../federation/registration-match.ts';
import type { Context } from '../../jsonld/context.ts';
import type { Filter } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import type { Entity } from '../../model/entity.ts';
import type { Instant } from '../../model/instant.ts';
import type { Json } from '../../model/json.ts';
import type { V2Source } from '../../model/v2/source.ts';
import { readV2Copy } from './v2-source.ts';

/** What sources are asked for, and how it is read: entities or histories. */
export interface Sought<Found> {
  /** The names of the operations of clause 4.20. A source that offers none of them is not asked. */
  readonly retrieve: string;
  readonly query: string;
  readonly post?: string;
  /** By which a source makes an entity map of its own. */
  readonly createMap: string;
  /** Reads an answer. Throws BadRequestData. */
  read(json: Json, terms: Context, now: Instant): Found;
  /** Reads an answer of a source that speaks NGSI v2. Absent: such sources have nothing of the kind. */
  readV2?(json: Json, reading: { readonly terms: Context; readonly source: V2Source; readonly now: Instant }): Found;
  /** Whether it meets the conditions, for a source that does not test them itself. */
  meets?(found: Found, conditions: Pick<Filter, 'q' | 'geo'>): boolean;
  /** What belongs to the registration, which was asked for the demand. Undefined: nothing. */
  narrow(registration: Registration, found: Found, demand: Demand): Found | undefined;
}

export const soughtEntities: Sought<Entity> = {
  retrieve: 'retrieveEntity',
  query: 'queryEntity',
  post: 'queryBatch',
  createMap: 'createEntityMapQueryEntity',
  read: readCopy,
  readV2: readV2Copy,
  meets: (entity, conditions) => compileFilter(conditions)(entity),
  narrow: narrowEntity,
};

/** What is sought, read from a source that speaks NGSI v2 and does not test conditions. */
export function soughtByV2<Found>(
  sought: Sought<Found>,
  source: V2Source,
  { conditions }: { readonly conditions?: { readonly filter: Pick<Filter, 'q' | 'geo'> } },
): Sought<Found> {
  return {
    ...sought,
    read: (json, terms, now) => sought.readV2?.(json, { terms, source, now }) ?? sought.read(json, terms, now),
    narrow(registration, found, demand) {
      const narrowed = sought.narrow(registration, found, demand);
      const isMet = narrowed === undefined || !conditions || sought.meets?.(narrowed, conditions.filter) !== false;
      return isMet ? narrowed : undefined;
    },
  };
}
