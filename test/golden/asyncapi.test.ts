/** Tests that asyncapi.yaml is valid and matches the stream in both directions: ops, members and close codes. */
import { readFileSync } from 'node:fs';
import specs from '@asyncapi/specs';
import { describe, expect, test } from '@jest/globals';
import { Ajv, type AnySchemaObject } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { closeCodes } from '../../src/edge/stream/ws/close-codes.ts';
import { memberNames, readFrame } from '../../src/edge/stream/ws/read-frame.ts';
import * as frames from '../../src/edge/stream/ws/write-frame.ts';
import type { JsonObject } from '../../src/core/model/json.ts';

interface Reference {
  readonly $ref: string;
}
interface Payload {
  readonly properties: Readonly<Record<string, { readonly const?: string; readonly enum?: readonly string[] }>>;
}
interface Document {
  readonly channels: {
    readonly stream: {
      readonly messages: Readonly<Record<string, Reference>>;
      readonly 'x-close-codes': readonly { readonly code: number; readonly name: string; readonly comeBack: boolean }[];
    };
  };
  readonly operations: Readonly<Record<'takeFrames' | 'sendFrames', { readonly messages: readonly Reference[] }>>;
  readonly components: { readonly messages: Readonly<Record<string, { readonly payload: Payload }>> };
}

const document = parse(readFileSync(new URL('../../asyncapi.yaml', import.meta.url), 'utf8')) as Document;
const published = specs.schemasWithoutId['3.0.0'] as AnySchemaObject;

const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(document, 'asyncapi');
const namesIn = (references: readonly Reference[]): readonly string[] =>
  references.map(({ $ref }) => $ref.split('/').at(-1) ?? '').sort();
const { takeFrames, sendFrames } = document.operations;

/** What is wrong with a frame, by the description of its op; empty when nothing is. */
function flawsOf(frame: JsonObject): readonly string[] {
  const validate = ajv.getSchema(`asyncapi#/components/messages/${String(frame['op'])}/payload`);
  if (!validate) return [`there is no message ${String(frame['op'])}`];
  return validate(frame) === true
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

test('it is an AsyncAPI document', () => {
  const validate = ajv.compile(published);
  expect([validate(document), validate.errors]).toEqual([true, null]);
});

test('every message is of the channel, and of one direction', () => {
  const all = Object.keys(document.components.messages).sort();
  expect(Object.keys(document.channels.stream.messages).sort()).toEqual(all);
  expect([...namesIn(takeFrames.messages), ...namesIn(sendFrames.messages)].sort()).toEqual(all);
});

describe('frames of the client', () => {
  test('have the ops and the members that are read', () => {
    const told = namesIn(takeFrames.messages).map((name) => {
      const { properties } = document.components.messages[name]?.payload ?? { properties: {} };
      return [properties['op']?.const, Object.keys(properties).sort()];
    });
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(Object.entries(memberNames).map(([op, names]) => [op, [...names].sort()])),
    );
  });

  const subscription = { type: 'Subscription', entities: [{ type: '*' }] };
  test.each<readonly [JsonObject, boolean]>([
    [{ op: 'subscribe', id: 'a', subscription, '@context': [], snapshot: true, overflow: 'latest' }, true],
    [{ op: 'subscribe', id: 'a', subscription, after: 'x.1' }, true],
    [{ op: 'subscribe', id: 'a', subscriptionId: 'urn:a:b', tail: 5 }, true],
    [{ op: 'subscribe', id: 'a', subscriptionId: 'urn:a:b', subscription }, false],
    [{ op: 'subscribe', id: 'a', subscriptionId: 'urn:a:b', '@context': [] }, false],
    [{ op: 'subscribe', id: 'a', subscription, after: 'x.1', tail: 3 }, false],
    [{ op: 'subscribe', id: 'a', subscription, tail: -1 }, false],
    [{ op: 'subscribe', id: 'a', subscription, overflow: 'never' }, false],
    [{ op: 'subscribe', id: 'a', subscription, colour: 'red' }, false],
    [{ op: 'subscribe', id: 'a' }, false],
    [{ op: 'unsubscribe', id: 'a' }, true],
    [{ op: 'unsubscribe', id: '' }, false],
    [{ op: 'unsubscribe', id: 'a'.repeat(257) }, false],
    [{ op: 'ack', id: 'a', position: 'x.1' }, true],
    [{ op: 'ack', id: 'a' }, false],
    [{ op: 'request', id: 'a', operation: 'queryEntities', params: { limit: 1, type: ['A', 'B'], local: true } }, true],
    [{ op: 'request', id: 'a', operation: 'queryEntities', params: { limit: null } }, false],
    [{ op: 'request', id: 'a' }, false],
    [{ op: 'ping' }, true],
    [{ op: 'ping', body: 1 }, false],
  ])('%j: %s', (frame, isRead) => {
    expect(flawsOf(frame).length === 0).toBe(isRead);
    if (isRead) expect(readFrame(frame)).toMatchObject({ op: frame['op'] });
    else expect(() => readFrame(frame)).toThrow();
  });
});

describe('frames of the broker', () => {
  const notification = JSON.stringify({
    id: 'urn:ngsi-ld:Notification:1',
    type: 'Notification',
    subscriptionId: 'urn:ngsi-ld:Subscription:1',
    notifiedAt: '2026-03-01T08:00:00Z',
    data: [],
  });
  const limits = { subscriptionsMax: 1, bufferBytes: 1, frameBytesMax: 1, depthMax: 1 };
  const written: Readonly<Record<keyof typeof frames, readonly string[]>> = {
    helloFrame: [frames.helloFrame({ epoch: undefined, limits, pingIntervalMs: 1 })],
    subscribedFrame: [
      frames.subscribedFrame({ id: 'a', subscriptionId: 'urn:a:b', position: undefined, recovered: true }),
    ],
    notificationFrame: [
      frames.notificationFrame({ id: 'a', position: 'x.1' }, [notification]).join(''),
      frames.notificationFrame({ id: 'a', position: undefined }, [notification]).join(''),
    ],
    positionFrame: (['snapshot', 'gap', 'position'] as const).map((op) => frames.positionFrame(op, 'a', 'x.1')),
    ackedFrame: [frames.ackedFrame('a', 'x.1')],
    unsubscribedFrame: [frames.unsubscribedFrame('a'), frames.unsubscribedFrame('a', 'takenOver')],
    responseFrame: [frames.responseFrame({ id: 'a', status: 204 }, undefined)],
    errorFrame: [frames.errorFrame(undefined, { type: 'InvalidRequest', detail: 'why' })],
    pongFrame: [frames.pongFrame('a')],
  };
  const all = Object.values(written).flatMap((texts) => texts.map((text) => JSON.parse(text) as JsonObject));

  test('are all described', () => {
    expect(Object.keys(written).sort()).toEqual(Object.keys(frames).sort());
    expect([...new Set(all.map(({ op }) => op))].sort()).toEqual(namesIn(sendFrames.messages));
  });

  test.each(all.map((frame) => [frame] as const))('%j', (frame) => expect(flawsOf(frame)).toEqual([]));
});

test('close codes are those of the broker, in their ranges', () => {
  const told = document.channels.stream['x-close-codes'];
  expect(Object.fromEntries(told.map(({ name, code }) => [name, code]))).toEqual(closeCodes);
  for (const { code, comeBack } of told) expect([code, Math.floor(code / 100)]).toEqual([code, comeBack ? 40 : 41]);
});
