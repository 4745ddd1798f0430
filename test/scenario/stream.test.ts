/** Tests the HTTP operations of the stream. test/edge/ws tests the stream itself. */
import { scenarios } from './scenario.ts';

const link = (url: string): Readonly<Record<string, string>> => ({
  Link: `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`,
});

scenarios('the stream', {
  'a ticket is given to whoever asks, in whichever tenant': [
    {
      does: 'createStreamTicket',
      send: 'POST /stream/tickets',
      headers: { 'NGSILD-Tenant': 'tomorrow' },
      answers: 200,
      has: { lifetimeMs: 30_000 },
    },
  ],
  'a ticket is given to no web page that was not allowed to ask: some header must say that it was': [
    { does: 'createStreamTicket', send: 'POST /stream/tickets', answers: 403 },
    {
      does: 'createStreamTicket',
      send: 'POST /stream/tickets',
      headers: { 'Content-Type': 'text/plain' },
      answers: 403,
    },
    { does: 'createStreamTicket', send: 'POST /stream/tickets', headers: { 'X-Auth-Token': 'x' }, answers: 200 },
  ],
  'a ticket takes no body, no parameters, and no @context that cannot be had': [
    {
      does: 'createStreamTicket',
      send: 'POST /stream/tickets?tenant=a',
      headers: { 'Content-Type': 'application/json' },
      answers: 400,
    },
    {
      does: 'createStreamTicket',
      send: 'POST /stream/tickets',
      headers: { ...link('http://localhost:9/nothing.jsonld'), Authorization: 'Bearer x' },
      answers: 504,
    },
  ],
});
