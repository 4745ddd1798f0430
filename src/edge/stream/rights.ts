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

/** Watches the right to subscribe, and the end of the credentials. Returns the function that stops it. */
export function watchRights(
  { access, clock }: Pick<Services, 'access' | 'clock'>,
  { identity, tenant, ended }: Watched,
): () => void {
  const keyNow = (): string => decisionKey(access.principalOf(identity).rights('subscribe', tenant));
  const start = keyNow();
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    unfollow();
    clearTimeout(timer);
  };
  const check = (): void => {
    clearTimeout(timer);
    const end = access.endOf(identity);
    const leftMs = end === undefined ? Infinity : (microsOfInstant(end) - microsOfInstant(clock.now())) / 1000;
    const reason = leftMs <= 0 ? 'credentialsExpired' : keyNow() === start ? undefined : 'rightsChanged';
    if (reason !== undefined) {
      stop();
      ended(reason);
    } else if (end !== undefined) timer = setTimeout(check, timerMs(leftMs));
  };
  const unfollow = access.follow(check);
  check();
  return stop;
}
