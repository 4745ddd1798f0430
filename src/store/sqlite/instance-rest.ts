/** The JSON text of a historic instance: what the columns of the table `history` do not hold. */
import type { Instance, Kind } from '../../core/model/attribute.ts';
import type { Instant } from '../../core/model/instant.ts';
import type { Json } from '../../core/model/json.ts';

/** Left out: `kind` Property, a `value` that is in `number`, and times that the columns give back. */
export type InstanceRest = Omit<Instance, 'kind' | 'value' | 'datasetId'> & {
  readonly kind?: Kind;
  readonly value?: Json;
  readonly deletedAt?: Instant;
  /** `observedAt` is the place of the instance, written with this many fractional digits. */
  readonly observedDigits?: number;
  /** Only for an instance that was moved from another place. */
  readonly instanceId?: string;
};
