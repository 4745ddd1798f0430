/** Follows relationships to their target entities (clause 4.5.23): decides which entities to fetch, and in which order. */
import { isShown, type Projection } from '../language/projection.ts';
import type { Instance } from '../model/attribute.ts';
import type { Entity } from '../model/entity.ts';
import { targetsOf } from '../model/relationship.ts';
import type { YieldToEventLoop } from '../port/clock.ts';
import type { Instant } from '../model/instant.ts';
import type { Store, Stored } from '../port/store.ts';

/** How far to follow relationships, and which entities to skip. */
export interface LinkTraversal {
  /** Maximum number of relationships between an entity and a target; at least 1. */
  readonly level: number;
  /** Ids that are not followed: entities that already contain these entities. */
  readonly containedBy: ReadonlySet<string>;
  readonly projection: Projection;
}

/** An entity that a relationship leads to, and the projection that applies to it. */
export interface LinkedEntity {
  readonly entity: Entity;
  readonly projection: Projection;
}

/** What following links needs. A `CallContext` provides it. */
export interface LinkSource {
  readonly store: Store;
  readonly now: Instant;
  readonly services: { readonly yieldToEventLoop: YieldToEventLoop };
}

/** Maximum number of entities that one answer links to, and of bytes that they take, because all of them must be in memory at once. */
const [linkedMax, linkedBytesMax] = [10_000, 32 * 2 ** 20];

/** The target entities, each once, nearest first. */
export async function followLinks(
  entities: readonly Entity[],
  { level, containedBy, projection }: LinkTraversal,
  call: LinkSource,
): Promise<readonly LinkedEntity[]> {
  const seen = new Set([...containedBy, ...entities.map(({ id }) => id)]);
  const reached: LinkedEntity[] = [];
  let bytes = 0;
  let frontier: readonly LinkedEntity[] = entities.map((entity) => ({ entity, projection }));
  for (let step = 0; step < level && frontier.length > 0; step += 1) {
    const next: LinkedEntity[] = [];
    for (const { id, projection: wanted } of linksOf(frontier)) {
      if (seen.size > linkedMax || bytes > linkedBytesMax) break;
      if (seen.has(id)) continue;
      seen.add(id);
      const stored = await present(id, call);
      if (!stored) continue;
      bytes += stored.held ?? 0;
      next.push({ entity: stored.entity(), projection: wanted });
    }
    reached.push(...next);
    frontier = next;
  }
  return reached;
}

async function present(id: string, { store, now, services }: LinkSource): Promise<Stored | undefined> {
  const pause = services.yieldToEventLoop();
  if (pause) await pause;
  return store.get(id, now);
}

interface Link {
  readonly id: string;
  readonly projection: Projection;
}

function* linksTo(instances: readonly Instance[], projection: Projection): Generator<Link> {
  for (const instance of instances) for (const id of targetsOf(instance)) yield { id, projection };
}

/** The targets of the relationships that the projections show. There may be very many: the caller may stop. */
function* linksOf(entities: readonly LinkedEntity[]): Generator<Link> {
  for (const { entity, projection } of entities) {
    for (const [name, instances] of Object.entries(entity.attrs)) {
      if (isShown(projection, name)) yield* linksTo(instances, projection.linked?.get(name) ?? {});
    }
  }
}
