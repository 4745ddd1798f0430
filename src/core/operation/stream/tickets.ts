/**
 * One-time tickets for the stream: a client that cannot set headers when it connects authenticates with a ticket that it requested before.
 */
import type { Identity } from '../../access/identity.ts';
import { type Micros, microsOfInstant } from '../../model/instant.ts';
import { Problem } from '../../model/problem.ts';
import type { Clock, IdSource } from '../../port/clock.ts';
import type { OneTimeStore } from '../../port/one-time-store.ts';
import { documentIn } from '../../port/document-collection.ts';

/** The client, as authenticated when it requested the ticket. */
export interface Holder {
  readonly tenant: string;
  readonly identity: Identity;
  /** Absent: the core @context. */
  readonly contextUrl?: string;
}

export interface Tickets {
  /** Milliseconds until a ticket expires. */
  readonly lifetimeMs: number;
  /** Issues a ticket that cannot be guessed. */
  issue(holder: Holder): Promise<string>;
  /** The holder of the ticket, which is then used up; undefined when the ticket is not valid or has expired. */
  readonly redeem: (ticket: string) => Promise<Holder | undefined>;
}

/** The holder of a ticket, which is then used up. Throws Forbidden when it is not valid. */
export async function holderOfTicket(ticket: string, { redeem }: Pick<Tickets, 'redeem'>): Promise<Holder> {
  const holder = await redeem(ticket);
  if (holder) return holder;
  throw new Problem('Forbidden', 'The ticket is not valid: it was used, is too old, or was never given.');
}

export interface TicketsOptions {
  readonly ids: IdSource;
  readonly clock: Clock;
  /** Where unused tickets are stored, for all brokers. */
  readonly oneTimeStore: OneTimeStore;
  readonly lifetimeMs: number;
}

interface Ticket {
  readonly holder: Holder;
  readonly until: Micros;
}

export function createTickets({ ids, clock, oneTimeStore, lifetimeMs }: TicketsOptions): Tickets {
  const now = (): Micros => microsOfInstant(clock.now());
  return {
    lifetimeMs,
    issue: async (holder) => {
      const name = ids.next('Ticket').replace(/^.*:/, '');
      const ticket: Ticket = { holder, until: now() + lifetimeMs * 1000 };
      await oneTimeStore.put(name, JSON.stringify(ticket), lifetimeMs);
      return name;
    },
    redeem: async (name) => {
      const ticket: unknown = documentIn(await oneTimeStore.take(name));
      if (!isTicket(ticket)) return undefined;
      // A ticket that expires later than `lifetimeMs` from now was issued before the clock was set back.
      const leftMs = (ticket.until - now()) / 1000;
      return leftMs > 0 && leftMs <= lifetimeMs ? ticket.holder : undefined;
    },
  };
}

/** A type guard for the compiler: only `issue` writes tickets. */
const isTicket = (value: unknown): value is Ticket =>
  typeof value === 'object' && value !== null && 'holder' in value && 'until' in value;
