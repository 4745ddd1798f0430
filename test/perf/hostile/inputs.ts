/** Lists all hostile inputs for `hostile.ts`. */
import { answers } from './answers.ts';
import { city } from './city.ts';
import { contexts } from './contexts.ts';
import { geometries } from './geometries.ts';
import { heads } from './heads.ts';
import type { HostileInput } from './input.ts';
import { queries } from './queries.ts';
import { subscriptions } from './subscriptions.ts';
import { v2 } from './v2.ts';
import { writes } from './writes.ts';

export const hostileInputs: readonly HostileInput[] = [
  ...writes,
  ...answers,
  ...queries,
  ...geometries,
  ...contexts,
  ...subscriptions,
  ...heads,
  ...v2,
  ...city,
];
