/** Watches whether the rights of a stream's client are still the same. A stream with other rights ends, and the client comes back. */
import { decisionKey } from '../../core/access/decision.ts';
import type { Identity } from '../../core/access/identity.ts';
import { microsOfInstant } from '../../core/model/instant.ts';
import type { Services } from '../../core/operation/operation.ts';
import { timerMs } from '../../core/subscription/bounds.ts';

export interface Watched {
  readonly identity: Identity;
  readonly tenant: string;
  /** Called at most once. `rightsChanged`: other rights apply now. */
  readonly ended: (reason: 'rightsChanged' | 'credentialsExpired') => void;
}

/** Watches the right to subscribe. Returns the function that stops it. */
export function watchRights(
  { access, clock }: Pick<Services, 'access' | 'clock'>,
  { identity, tenant, ended }: Watched,
): () => void {
  const keyNow = (): string => decisionKey(access.principalOf(identity).rights('subscribe', tenant));
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
      timer = setTimeout(wait, timerMs(leftMs));
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
