/** Tests how subscriptions of NGSI v2 are read, and what is said of wrong ones. */
import { expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { maskSecretsV2, withSecretsKeptV2 } from '../../../src/core/v2/subscription/secrets.ts';
import { readV2Subscription, storedMembers } from '../../../src/core/v2/subscription/read-subscription.ts';

const subject = { entities: [{ id: 'E', type: 'T' }] };
const http = { url: 'http://receiver.example/notify' };
const minimal = { subject, notification: { http } };

test('a minimal subscription is stored with its defaults', () => {
  expect(storedMembers(minimal)).toEqual({
    status: 'active',
    subject: { entities: [{ id: 'E', type: 'T' }], condition: { attrs: [], notifyOnMetadataChange: true } },
    notification: { attrs: [], onlyChangedAttrs: false, attrsFormat: 'normalized', http, covered: false },
  });
});

test('times are normalized, an empty expiry is none, and unknown members are left out', () => {
  const members = storedMembers({ ...minimal, expires: '2040-01-01T14:00:00+02:00', id: 'x', throttling: 5, other: 1 });
  expect(members).toMatchObject({ expires: '2040-01-01T12:00:00.000Z', throttling: 5 });
  expect(Object.keys(members)).not.toContain('other');
  expect(storedMembers({ ...minimal, expires: '' })).not.toHaveProperty('expires');
});

/** A subscription with a fragment whose attribute has these metadata. */
const custom = (metadata: JsonObject): JsonObject => ({
  subject,
  notification: { httpCustom: { url: 'http://h', ngsi: { A: { value: 1, metadata } } } },
});
const withNotification = (members: JsonObject): JsonObject => ({ subject, notification: { http, ...members } });
const withCondition = (condition: JsonObject): JsonObject => ({ ...minimal, subject: { ...subject, condition } });
const withEntity = (entity: JsonObject): JsonObject => ({ ...minimal, subject: { entities: [entity] } });

test.each<[string, JsonObject]>([
  ['no subject for subscription specified', { notification: { http } }],
  ['no notification for subscription specified', { subject }],
  ['subject entities is empty', { ...minimal, subject: { entities: [] } }],
  ['/entities/ vector item does not have /id/ nor /idPattern/', withEntity({ type: 'T' })],
  ['/entities/ vector item has both /id/ and /idPattern/', withEntity({ id: 'E', idPattern: '.*' })],
  ['Invalid regex for entity idPattern', withEntity({ idPattern: '*(' })],
  ['forbidden characters in /entities/ vector item /id/', withEntity({ id: 'a b' })],
  ['condition is empty', withCondition({})],
  ['unknown subscription alterationType: entityGone', withCondition({ alterationTypes: ['entityGone'] })],
  [
    'partial geo expression: geometry, georel and coords have to be provided together',
    withCondition({ expression: { georel: 'near' } }),
  ],
  ['http, httpCustom, mqtt, mqttCustom, kafka or kafkaCustom is missing', { subject, notification: { attrs: [] } }],
  [
    'only one of http, httpCustom, mqtt, mqttCustom, kafka or kafkaCustom is allowed',
    withNotification({ mqtt: { url: 'mqtt://m', topic: 't' } }),
  ],
  ['Invalid URL parsing notification url', { subject, notification: { http: { url: 'receiver' } } }],
  [
    'timeout field must be an integer between 0 and 1800000',
    { subject, notification: { http: { ...http, timeout: -1 } } },
  ],
  ['unknown method httpCustom notification', { subject, notification: { httpCustom: { ...http, method: 'SEND' } } }],
  ['covered true cannot be used if notification attributes list is empty', withNotification({ covered: true })],
  ['maxFailsLimit must be greater than zero', withNotification({ maxFailsLimit: 0 })],
  [
    'invalid attrsFormat, accepted values: normalized, simplifiedNormalized, keyValues, simplifiedkeyValues, values',
    withNotification({ attrsFormat: 'legacy' }),
  ],
  ['expires has an invalid format', { ...minimal, expires: 'tomorrow' }],
  ['status is not valid: it has to be either active, inactive or oneshot', { ...minimal, status: 'failed' }],
  ['only evalPriority metadata is allowed in ngsi field in custom notifications', custom({ m: { value: 1 } })],
  ['evalPriority metadata minimum priority is 1', custom({ evalPriority: { value: 0 } })],
  [
    '+ and # are not allowed in mqtt field /topic/',
    { subject, notification: { mqtt: { url: 'mqtt://m', topic: 'a/#' } } },
  ],
  [
    'you must use user and passwd fields simultaneously',
    { subject, notification: { mqtt: { url: 'mqtt://m', topic: 'a', user: 'u' } } },
  ],
])('%s', (text, json) => {
  expect(() => readV2Subscription(json)).toThrow(expect.objectContaining({ message: text, code: 'BadRequest' }));
});

test('a transport that the broker does not have is not implemented', () => {
  const kafka = { subject, notification: { kafka: { url: 'kafka://k:9092', topic: 't' } } };
  expect(() => readV2Subscription(kafka)).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
});

test('secrets are masked, and a mask stands for the secret of the same receiver', () => {
  const custom = { ...http, headers: { Authorization: 'Bearer s3', 'X-Place': 'Kranj' } };
  const members = { subject, notification: { httpCustom: custom } };
  const masked = maskSecretsV2(members);
  expect(masked).toMatchObject({
    notification: { httpCustom: { headers: { Authorization: '***', 'X-Place': 'Kranj' } } },
  });
  expect(withSecretsKeptV2(masked, members)).toEqual(members);
  const elsewhere = {
    notification: { httpCustom: { ...custom, url: 'http://other.example/', headers: { Authorization: '***' } } },
  };
  expect(() => withSecretsKeptV2(elsewhere, members)).toThrow('Authorization is the mask');
});
