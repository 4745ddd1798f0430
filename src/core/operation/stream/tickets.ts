/** One-use tickets to the stream: a client that can set no headers when it connects is known by the ticket that it asked for before. */
import { type Micros, microsOfInstant } from '../../model/instant.ts';
import type { Clock, IdSource } from '../../port/clock.ts';
import type { Caller } from '../operation.ts';

/** Who connects: as known when the ticket was given. */
type Holder = Pick<Caller, 'tenant' | 'principal' | 'context'>;

export interface Tickets {
  /** Milliseconds in which a ticket must be used. */
  readonly lifetimeMs: number;
  /** Gives a ticket, which nobody can guess. */
  issue(holder: Holder): string;
  /** Who holds the ticket, which is used up by that; undefined when it is not, or no longer, valid. */
  redeem(ticket: string): Holder | undefined;
}

export interface TicketsOptions {
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly lifetimeMs: number;
}

/** Tickets that wait to be used at most: one more, and the oldest is invalid. */
const waitingMax = 10_000;

/** Tickets are held in memory, for as long as they are valid: who must wait for a restart has to ask for another. */
export function createTickets({ ids, clock, lifetimeMs }: TicketsOptions): Tickets {
  // Oldest first, as all live equally long.
  const waiting = new Map<string, { readonly holder: Holder; readonly until: Micros }>();
  const now = (): Micros => microsOfInstant(clock.now());
  const dropOld = (): void => {
    for (const [ticket, { until }] of waiting) {
      if (until > now() && waiting.size < waitingMax) return;
      waiting.delete(ticket);
    }
  };
  return {
    lifetimeMs,
    issue: (holder) => {
      dropOld();
      const ticket = ids.next('Ticket').replace(/^.*:/, '');
      waiting.set(ticket, { holder, until: now() + lifetimeMs * 1000 });
      return ticket;
    },
    redeem: (ticket) => {
      const found = waiting.get(ticket);
      waiting.delete(ticket);
      return found && found.until > now() ? found.holder : undefined;
    },
  };
}
