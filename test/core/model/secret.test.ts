/** Tests which values of an endpoint are secrets, and what masks them. */
import { describe, expect, test } from '@jest/globals';
import { isSecretName, maskUri } from '../../../src/core/model/secret.ts';

test.each([
  'Authorization',
  'authorization',
  'Proxy-Authorization',
  'Cookie',
  'X-Auth-Token',
  'X-API-Key',
  'apikey',
  'Ocp-Apim-Subscription-Key',
  'x-functions-key',
  'X-Auth',
  'X-Hub-Signature-256',
  'client_secret',
  'Password',
  'passwd',
  'pwd',
  'accessToken',
])('%s is the name of a secret', (name) => expect(isSecretName(name)).toBe(true));

test.each([
  'Content-Type',
  'Accept',
  'Link',
  'Prefer',
  'NGSILD-Tenant',
  'Fiware-Service',
  'Fiware-ServicePath',
  'X-Request-Id',
  'X-Author',
  'Authority',
  'key1',
  'X-Keyword',
  'H1',
  'MQTT-QoS',
  'MQTT-Version',
  'User-Agent',
  'country-code',
])('%s is not', (name) => expect(isSecretName(name)).toBe(false));

describe('a URI is shown', () => {
  test.each([
    ['http://example.org:80/a?b=c', 'http://example.org:80/a?b=c'],
    ['http://ana:pw@example.org/a', 'http://ana:***@example.org/a'],
    ['http://ana:@example.org/a', 'http://ana:@example.org/a'],
    ['http://:pw@example.org/a', 'http://:***@example.org/a'],
    ['https://token@example.org/a', 'https://***@example.org/a'],
    ['http://ana:p@w@example.org/a@b', 'http://ana:***@example.org/a@b'],
    ['http:ana:pw@example.org/', 'http:ana:***@example.org/'],
    ['mqtt://ana:pw@example.org:1883/a/b', 'mqtt://ana:***@example.org:1883/a/b'],
    ['mqtts://[::1]/a', 'mqtts://[::1]/a'],
    ['https://example.org/a?token=x&b=c&api_key=y', 'https://example.org/a?token=***&b=c&api_key=***'],
    ['https://example.org/a?to%6ben=x#f', 'https://example.org/a?to%6ben=***#f'],
    ['https://example.org/a?token', 'https://example.org/a?token'],
    ['ws:', 'ws:'],
    ['urn:a:b@c', 'urn:a:***@c'],
  ])('%s as %s', (uri, shown) => expect(maskUri(uri)).toBe(shown));
});
