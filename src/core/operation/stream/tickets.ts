/** One-use tickets to the stream: a client that can set no headers when it connects is known by the ticket that it asked for before. */
import type { Principal } from '../../access/principal.ts';
import { type Micros, microsOfInstant } from '../../model/instant.ts';
import type { Clock, IdSource } from '../../port/clock.ts';
import type { OneTimeStore } from '../../port/one-time-store.ts';
import { documentIn } from '../../port/document-collection.ts';

/** Who connects: as known when the ticket was given. */
interface Holder {
  readonly tenant: string;
  readonly principal: Principal;
  /** Absent: the core @context. */
  readonly contextUrl?: string;
}

export interface Tickets {
  /** Milliseconds in which a ticket must be used. */
  readonly lifetimeMs: number;
  /** Gives a ticket, which nobody can guess. */
  issue(holder: Holder): Promise<string>;
  /** Who holds the ticket, which is used up by that; undefined when it is not, or no longer, valid. */
  redeem(ticket: string): Promise<Holder | undefined>;
}

export interface TicketsOptions {
  readonly ids: IdSource;
  readonly clock: Clock;
  /** Where tickets wait for their use: at all brokers. */
  readonly notes: OneTimeStore;
  readonly lifetimeMs: number;
}

interface Ticket {
  readonly holder: Holder;
  readonly until: Micros;
}

export function createTickets({ ids, clock, notes, lifetimeMs }: TicketsOptions): Tickets {
  const now = (): Micros => microsOfInstant(clock.now());
  return {
    lifetimeMs,
    issue: async (holder) => {
      const name = ids.next('Ticket').replace(/^.*:/, '');
      const ticket: Ticket = { holder, until: now() + lifetimeMs * 1000 };
      await notes.put(name, JSON.stringify(ticket), lifetimeMs);
      return name;
    },
    redeem: async (name) => {
      const ticket: unknown = documentIn(await notes.take(name));
      if (!isTicket(ticket)) return undefined;
      // One that holds for longer than any is from before the clock was set back.
      const leftMs = (ticket.until - now()) / 1000;
      return leftMs > 0 && leftMs <= lifetimeMs ? ticket.holder : undefined;
    },
  };
}

/** What has a holder was written above; this tells the compiler so. */
const isTicket = (value: unknown): value is Ticket =>
  typeof value === 'object' && value !== null && 'holder' in value && 'until' in value;
