/** Watches whether the rights of a stream's client are still the same. A stream with other rights ends, and the client comes back. */
import type { Decision } from '../../core/access/decision.ts';
import type { Identity } from '../../core/access/identity.ts';
import { microsOfInstant } from '../../core/model/instant.ts';
import type { World } from '../../core/operation/operation.ts';

export interface Watched {
  readonly identity: Identity;
  readonly tenant: string;
  /** Called once: `changed`: other rights apply now. `expired`: the credentials have ended. */
  readonly ended: (reason: 'rightsChanged' | 'credentialsExpired') => void;
}

/** The longest delay of a timer. */
const timerMax = 2 ** 31 - 1;

/** Watches the right to subscribe. Returns the function that stops it. */
export function watchRights(
  { access, clock }: Pick<World, 'access' | 'clock'>,
  { identity, tenant, ended }: Watched,
): () => void {
  const keyNow = (): string => keyOf(access.principalOf(identity).rights('subscribe', tenant));
  const start = keyNow();
  const unfollow = access.follow(() => {
    if (keyNow() === start) return;
    stop();
    ended('rightsChanged');
  });
  const { expiresAt } = identity;
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    if (expiresAt === undefined) return;
    const leftMs = (microsOfInstant(expiresAt) - microsOfInstant(clock.now())) / 1000;
    if (leftMs > 0) {
      timer = setTimeout(wait, Math.min(leftMs, timerMax));
      return;
    }
    stop();
    ended('credentialsExpired');
  };
  const stop = (): void => {
    unfollow();
    clearTimeout(timer);
  };
  wait();
  return stop;
}

const keyOf = (decision: Decision): string => (decision.extent === 'part' ? decision.key : decision.extent);
