/** Issues a ticket for the stream, for clients that cannot set headers when they connect (docs/streaming.md). */
import { badData } from '../../model/problem.ts';
import type { Operation } from '../operation.ts';

export const createStreamTicket: Operation = {
  name: 'createStreamTicket',
  clause: '5.8.6',
  method: 'POST',
  path: '/stream/tickets',
  action: 'read',
  access: 'open',
  parameters: [],
  media: ['json'],
  body: 'none',
  unknownTenant: 'ignore',
  async run(_request, { tenant, principal, context, services }) {
    const { tickets, contexts } = services;
    // A waiting ticket must be small: a @context with a URL is stored only once.
    if (context.url === undefined && context.key !== contexts.core.key)
      throw badData('The @context of a ticket must be named by its URL.');
    const named = context.url === undefined ? undefined : { contextUrl: context.url };
    const ticket = await tickets.issue({ tenant, identity: principal.identity, ...named });
    return { kind: 'found', text: JSON.stringify({ ticket, lifetimeMs: tickets.lifetimeMs }) };
  },
};
