/** Defines a v2 subscription after parsing. */
import type { Change } from '../../model/change.ts';
import type { Entity } from '../../model/entity.ts';
import type { V2Subscription } from '../../v2/subscription/subscription.ts';
import type { AlterationCondition } from './alteration.ts';
import type { NotifiedChange } from './content.ts';
import type { SentCorrelators } from './correlator.ts';

/** A subscription with everything compiled that is needed for each change. */
export interface ParsedV2 {
  readonly subscription: V2Subscription;
  readonly servicePath: string;
  readonly condition: AlterationCondition;
  readonly isOfSubject: (entity: Entity) => boolean;
  readonly isInPath: (entity: Entity) => boolean;
  readonly isMet: (entity: Entity) => boolean;
  /** The correlators of its notifications. */
  readonly sentCorrelators: SentCorrelators;
  readonly notifiedOf: (change: Change) => NotifiedChange | undefined;
}
