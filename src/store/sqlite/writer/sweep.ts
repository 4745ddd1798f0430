/** Removes what has expired in small jobs, so that other writes get in between. */
import type { Store } from '../../../core/port/store.ts';
import { parseJson } from '../../../core/model/json.ts';
import type { SendJob } from './writer.ts';

const sweepMax = 200;

export function createSweep(send: SendJob): Store['sweep'] {
  return async (now) => {
    let gone = 0;
    for (;;) {
      const swept = parseJson(String(await send({ op: 'sweep', now, limit: sweepMax })));
      if (!Array.isArray(swept)) return gone;
      gone += Number(swept[1]);
      if (Number(swept[0]) < sweepMax) return gone;
    }
  };
}
