/** Defines subscriptions that are made to be expensive, and changes that match many of them. */
import { attributes, datasets, each, entity, type HostileInput, id, patch, post, subscription } from './input.ts';

const watching = (n: number, members: (one: number) => string, notification = '"attributes":["k1"],') =>
  Array.from({ length: n }, (_, one) => subscription(members(one), notification));

export const subscriptions: readonly HostileInput[] = [
  {
    what: 'subscription to many types',
    size: 9900,
    request: (n) => subscription(`"entities":[${each(n / 2, (one) => `{"type":"T${one}"}`)}]`),
  },
  {
    what: 'subscription to many attributes',
    size: 9900,
    request: (n) => subscription(`"watchedAttributes":[${each(n, (one) => `"a${one}"`)}]`),
  },
  {
    what: 'subscription to many types and attributes',
    size: 9900,
    request: (n) =>
      subscription(
        `"entities":[${each(n / 3, (one) => `{"type":"T${one}"}`)}],"watchedAttributes":[${each(n / 3, (one) => `"a${one}"`)}]`,
      ),
  },
  {
    what: 'many datasets that are notified of',
    size: 9900,
    settlesMs: 1000,
    prepare: (n) => [
      entity(`"a":${datasets(n)}`),
      subscription(
        '"entities":[{"type":"X"}],"notificationTrigger":["attributeUpdated","attributeDeleted"]',
        '"showChanges":true,',
      ),
    ],
    request: (n) => post(`/entities/${id}/attrs`, `{"a":${datasets(n, 2)}}`),
  },
  {
    what: 'many attributes changed, each watched by one',
    size: 2000,
    isLargest: true,
    settlesMs: 3000,
    prepare: (n) => [
      entity(attributes(9900)),
      ...watching(n, (one) => `"entities":[{"type":"X"}],"watchedAttributes":["k${one}"]`),
    ],
    request: () => patch(`/entities/${id}/attrs`, `{${attributes(9900, 2)}}`),
  },
  {
    what: 'many attributes changed, none watched',
    size: 2000,
    isLargest: true,
    settlesMs: 3000,
    prepare: (n) => [
      entity(attributes(9900)),
      ...watching(n, (one) => `"entities":[{"idPattern":"none${one}","type":"X"}],"q":"k${one}==-1"`),
    ],
    request: () => patch(`/entities/${id}/attrs`, `{${attributes(9900, 2)}}`),
  },
  {
    what: 'large entity that many are told of',
    size: 500,
    isLargest: true,
    settlesMs: 3000,
    prepare: (n) => [entity(attributes(9900)), ...watching(n, () => '"entities":[{"type":"X"}]', '')],
    request: () => patch(`/entities/${id}/attrs/k1`, '{"value":2}'),
  },
];
