/** Tests inputs of NGSI v2 for which a comparison of each with each would take minutes. */
import { expect, test } from '@jest/globals';
import type { Entity } from '../../../src/core/model/entity.ts';
import type { Json } from '../../../src/core/model/json.ts';
import type { UpdateOperation } from '../../../src/core/model/v2/assignment.ts';
import { applyOperations } from '../../../src/core/model/v2/update-operation.ts';
import { renderV2Attributes } from '../../../src/core/v2/render-entity.ts';
import { termsBy } from '../terms.ts';

const terms = termsBy({ expand: (name) => name });
const many = 200_000;
const numbers = Array.from({ length: many }, (_, n) => n);
const operate = (name: UpdateOperation['name'], operand: Json, value: Json): Json | undefined =>
  applyOperations([{ name, operand }], { kind: 'Property', value, modifiedAt: '2026-03-01T00:00:00Z' });

test('elements are taken out of a long list, and added to it', () => {
  expect(operate('$pullAll', numbers.slice(1), numbers)).toEqual([0]);
  expect(operate('$addToSet', { $each: [...numbers, -1] }, numbers)).toHaveLength(many + 1);
});

test('elements are equal by their content, whatever the order of members', () => {
  const list = [{ a: 1, b: [{ c: 2, d: 3 }] }, 1, '1', -0, null, true];
  expect(operate('$pull', { b: [{ d: 3, c: 2 }], a: 1 }, list)).toEqual(list.slice(1));
  expect(operate('$pullAll', [1, 0, 'true', []], list)).toEqual([list[0], '1', null, true]);
  expect(operate('$addToSet', { $each: ['1', 2, 2, { b: [], a: 1 }] }, list)).toEqual([...list, 2, { b: [], a: 1 }]);
});

test('a refusal shows the beginning of a long value', () => {
  expect(() => operate('$inc', 1, 'x'.repeat(many))).toThrow(/^\$inc cannot be applied to the value "x{199}\.\.\.$/);
});

test('an entity with many attributes is shown with many metadata asked for, and its distinct values', () => {
  const instance = { kind: 'Property', modifiedAt: '2026-03-01T00:00:00Z' } as const;
  const attrs = Object.fromEntries(
    numbers.slice(0, 10_000).map((value) => [`https://example.org/a${value}`, [{ ...instance, value }]]),
  );
  const entity: Entity = { id: 'urn:a:1', types: ['https://example.org/T'], createdAt: '2026-03-01T00:00:00Z', attrs };
  const metadata = numbers.slice(0, 10_000).map((n) => `m${n}`);
  expect(Object.keys(renderV2Attributes(entity, { terms, format: 'normalized', metadata }) ?? {})).toHaveLength(10_000);
  expect(renderV2Attributes(entity, { terms, format: 'unique' })).toHaveLength(10_000);
});
