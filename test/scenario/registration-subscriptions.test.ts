/**
 * Tests subscriptions to registrations over HTTP: created, read, changed and deleted, on every store. test/edge/deliver tests their
 * notifications.
 */
import { expect } from '@jest/globals';
import { problem, scenarios, type Step } from './scenario.ts';

const subscription = (name: string, members: object = {}) => ({
  id: `urn:ngsi-ld:Subscription:${name}`,
  type: 'Subscription',
  entities: [{ type: 'Building' }],
  notification: { endpoint: { uri: 'http://receiver.example/notify' } },
  ...members,
});
const path = (name: string): string => `/csourceSubscriptions/urn:ngsi-ld:Subscription:${name}`;
const letters = `${path('a')}/deadLetters`;
const json = { 'Content-Type': 'application/json' };
const missing = { answers: 404, has: problem('ResourceNotFound') };
const created = (name: string, members: object = {}, more: Partial<Step> = {}): Step => ({
  does: 'createRegistrationSubscription',
  send: 'POST /csourceSubscriptions',
  body: subscription(name, members),
  answers: 201,
  with: { Location: `/ngsi-ld/v1${path(name)}` },
  ...more,
});
const refused = (members: object, detail: RegExp): Step =>
  created('refused', members, {
    answers: 400,
    has: { ...problem('BadRequestData'), detail: expect.stringMatching(detail) },
    with: {},
  });
const shown = (name: string, more: Partial<Step>): Step => ({
  does: 'retrieveRegistrationSubscription',
  send: `GET ${path(name)}`,
  answers: 200,
  ...more,
});
const patched = (name: string, body: unknown, answers = 204, more: Partial<Step> = {}): Step => ({
  does: 'updateRegistrationSubscription',
  send: `PATCH ${path(name)}`,
  body,
  answers,
  ...more,
});

scenarios('subscriptions to registrations', {
  'are kept apart from those to entities, and given back as they were sent': [
    created('a', { temporalQ: { timerel: 'after', timeAt: '2020-01-01T00:00:00Z' }, csf: 'owner=="Kranj"' }),
    created('a', {}, { answers: 409, has: problem('AlreadyExists'), with: {} }),
    created('b', { id: undefined, isActive: false }, { with: { Location: /\/csourceSubscriptions\/urn:/ } }),
    shown('a', {
      gives: {
        ...subscription('a', { temporalQ: { timerel: 'after', timeAt: '2020-01-01T00:00:00Z' } }),
        csf: 'owner=="Kranj"',
        status: 'active',
      },
    }),
    { does: 'retrieveSubscription', send: 'GET /subscriptions/urn:ngsi-ld:Subscription:a', ...missing },
    {
      does: 'listRegistrationSubscriptions',
      send: 'GET /csourceSubscriptions?limit=1&offset=1&count=true',
      answers: 200,
      has: [{ type: 'Subscription' }],
      with: { 'NGSILD-Results-Count': '2', Link: /offset=0[^>]*>;rel="prev";type="application\/ld\+json"/ },
    },
    { does: 'listRegistrationSubscriptions', send: 'GET /csourceSubscriptions?limit=-1', answers: 400 },
    patched('a', { watchedAttributes: ['height'], csf: null }),
    shown('a', { has: { watchedAttributes: ['height'], status: 'active' } }),
    patched('a', { expiresAt: '2020-01-01T00:00:00Z' }),
    shown('a', { has: { status: 'expired' } }),
    patched('a', { entities: [] }, 400),
    patched('a', '{', 400, { has: problem('InvalidRequest') }),
    patched('none', { description: 'a' }, 404),
    { does: 'listRegistrationDeadLetters', send: `GET ${letters}`, answers: 200, gives: [] },
    { does: 'replayRegistrationDeadLetters', send: `POST ${letters}/replay`, headers: json, answers: 204 },
    { does: 'discardRegistrationDeadLetters', send: `DELETE ${letters}`, answers: 204 },
    { does: 'retrieveRegistrationDeadLetter', send: `GET ${letters}/0.1`, ...missing },
    { does: 'replayRegistrationDeadLetter', send: `POST ${letters}/0.1/replay`, headers: json, ...missing },
    { does: 'discardRegistrationDeadLetter', send: `DELETE ${letters}/0.1`, ...missing },
    { does: 'deleteRegistrationSubscription', send: `DELETE ${path('a')}`, answers: 204 },
    { does: 'deleteRegistrationSubscription', send: `DELETE ${path('a')}`, ...missing },
    shown('a', missing),
  ],
  'are refused with the name of the faulty member': [
    refused({ type: 'RandomType' }, /type/),
    refused({ q: 'speed>' }, /q/),
    refused({ csf: 'owner=' }, /csf/),
    refused({ temporalQ: { timerel: 'after' } }, /temporalQ/),
    refused({ temporalQ: 'now' }, /temporalQ/),
    refused({ expiresAt: '2020-01-01T00:00:00Z' }, /expiresAt/),
    refused({ watchedAttributes: [] }, /watchedAttributes/),
    refused({ notification: undefined }, /notification/),
    refused({ timeInterval: 5, throttling: 1 }, /throttling/),
  ],
});
