/**
 * Tests the reader of every document with arbitrary JSON: it accepts the document or throws a problem with the reason. Accepted documents
 * can be stored and rendered.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createContexts } from '../../src/core/jsonld/resolve.ts';
import type { Entity } from '../../src/core/model/entity.ts';
import { type Json, parseJson, sameJson } from '../../src/core/model/json.ts';
import { mutate } from '../../src/core/model/mutate.ts';
import type { Mutation } from '../../src/core/model/mutation.ts';
import { Problem } from '../../src/core/model/problem.ts';
import { readAttributeFragments, readEntity, readFragment, readHistory } from '../../src/core/model/read/entity.ts';
import { renderFeature } from '../../src/core/representation/geojson.ts';
import { renderEntity } from '../../src/core/representation/render.ts';
import { laterOutcomeOf, nearJson, outcomeOf, runs, timeoutMs } from './fuzz.ts';
import { concise, lamp, moment, past, terms } from './samples.ts';

const entities = nearJson([lamp, concise, past]);
const id = 'urn:ngsi-ld:Streetlight:1';
const nulls = fc.constantFrom('forbidden', 'allowed', 'deep');

/** Shows an entity in every form: none of them may break, and none may hold what JSON cannot. */
function showEverywhere(entity: Entity): void {
  for (const format of ['normalized', 'concise', 'simplified'] as const) {
    const view = { terms, format, sysAttrs: true, projection: {} };
    const shown = renderEntity(entity, view);
    // What JSON.stringify leaves away or changes is none; -0 counts as 0.
    expect(sameJson(JSON.parse(JSON.stringify(shown)) as Json, shown)).toBe(true);
    renderFeature(entity, { ...view, geometryProperty: 'https://uri.etsi.org/ngsi-ld/location' });
  }
}

function written(current: Entity | undefined, mutation: Mutation): Entity | undefined {
  const { next, outcome } = mutate(current, mutation, moment);
  if (outcome.status === 'refused') expect(outcome.problem.type).not.toBe('InternalError');
  if (next) showEverywhere(next);
  return next;
}

const whole = readEntity(lamp, terms);
const stored = written(undefined, { op: 'create', id: whole.id, entity: whole });

describe('whatever JSON is given', () => {
  test(
    'as an entity is read, kept and shown, or refused',
    () => {
      fc.assert(
        fc.property(entities, (json) => {
          const outcome = outcomeOf(() => readEntity(json, terms));
          if (!('result' in outcome)) return;
          const { result } = outcome;
          const next = written(undefined, { op: 'create', id: result.id, entity: result });
          if (!next) return;
          const shown = renderEntity(next, { terms, format: 'normalized', sysAttrs: false, projection: {} });
          const again = outcomeOf(() => readEntity(shown ?? null, terms));
          expect({ json, again: 'detail' in again ? again.detail : 'read' }).toEqual({ json, again: 'read' });
        }),
        runs(300),
      );
    },
    timeoutMs,
  );

  test(
    'as a fragment is read and changes an entity, or is refused',
    () => {
      const way = fc.constantFrom('append', 'keep', 'update', 'merge', 'simplified');
      fc.assert(
        fc.property(entities, nulls, way, (json, allowed, how) => {
          const isSimplified = how === 'simplified';
          const outcome = outcomeOf(() => readFragment(json, terms, { id, nulls: allowed, isSimplified }));
          if (!('result' in outcome)) return;
          const fragment = outcome.result;
          if (how === 'append' || how === 'keep')
            written(stored, { op: 'append', id, fragment, overwrite: how === 'append' });
          else if (how === 'update') written(stored, { op: 'update', id, fragment });
          else
            written(stored, {
              op: 'merge',
              id,
              fragment,
              options: { simplified: isSimplified, lang: 'sl', observedAt: moment },
            });
        }),
        runs(300),
      );
    },
    timeoutMs,
  );

  test(
    'as an attribute is read and changes one, or is refused',
    () => {
      const names = fc.constantFrom(...Object.keys(stored?.attrs ?? {}));
      fc.assert(
        fc.property(nearJson(attributes), names, fc.boolean(), (json, attr, isWhole) => {
          const outcome = outcomeOf(() =>
            readAttributeFragments(json, terms, { nulls: isWhole ? 'forbidden' : 'allowed', iri: attr }),
          );
          if (!('result' in outcome)) return;
          const fragments = outcome.result;
          written(
            stored,
            isWhole ? { op: 'replaceAttr', id, attr, fragments } : { op: 'partialUpdate', id, attr, fragments },
          );
        }),
        runs(300),
      );
    },
    timeoutMs,
  );

  test(
    'as a history is read, or refused',
    () => {
      fc.assert(
        fc.property(entities, fc.boolean(), (json, hasId) => {
          const outcome = outcomeOf(() => readHistory(json, terms, hasId ? { id } : {}));
          if ('result' in outcome) expect(outcome.result.id).not.toBe('');
        }),
        runs(500),
      );
    },
    timeoutMs,
  );

  test(
    'is the same as another just when nothing but the order of members differs',
    () => {
      const value = nearJson([{ x: 1 }, [{ a: {} }]]);
      fc.assert(
        fc.property(value, value, (a, b) => {
          expect({ a, b, same: sameJson(a, b) }).toEqual({ a, b, same: ordered(a) === ordered(b) });
          expect(sameJson(a, parseJson(ordered(a)))).toBe(true);
        }),
        runs(500),
      );
    },
    timeoutMs,
  );

  test(
    'as an @context is made ready and names things, or is refused',
    async () => {
      await fc.assert(
        fc.asyncProperty(nearJson(contextSamples), nearJson(contextSamples), async (json, other) => {
          const contexts = createContexts({ load: (url) => load(url, other), known: {} });
          await laterOutcomeOf(() => contexts.check(json));
          const outcome = await laterOutcomeOf(() => contexts.resolve(json));
          if (!('result' in outcome)) return;
          for (const name of ['name', 'ex:name', 'Boat', '@type', '', ':', '__proto__', 'https://example.org/Boat']) {
            const iri = outcome.result.expand(name);
            expect(outcome.result.expand(outcome.result.compact(iri))).toBe(iri);
          }
        }),
        runs(500),
      );
    },
    timeoutMs,
  );
});

/** A value as text, members in the order of their names. */
function ordered(json: Json): string {
  if (json === null || typeof json !== 'object') return JSON.stringify(json);
  const members = Object.entries(json).map(([name, value]) => [JSON.stringify(name), ordered(value as Json)] as const);
  if (Array.isArray(json)) return `[${members.map(([, text]) => text).join(',')}]`;
  const texts = members.map(([name, text]) => `${name}:${text}`);
  return `{${texts.sort().join(',')}}`;
}

const attributes = Object.values(lamp as Readonly<Record<string, Json>>).slice(3);

const load = (url: string, document: Json): Promise<Json> =>
  url.includes('example')
    ? Promise.resolve(document)
    : Promise.reject(new Problem('LdContextNotAvailable', `There is nothing at ${url}.`));

const contextSamples: readonly Json[] = [
  'https://context.example/a.jsonld',
  'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld',
  { ex: 'https://example.org/', name: 'ex:name', Boat: { '@id': 'https://example.org/Boat', '@prefix': true } },
  { '@vocab': 'https://example.org/', draft: { '@id': 'ex:draft', '@type': '@vocab', '@container': '@list' } },
  { '@import': 'https://context.example/b.jsonld', '@version': 1.1, '@propagate': true, '@protected': true },
  ['https://context.example/a.jsonld', { '@base': '../x', '@language': 'sl' }, null],
  { back: { '@reverse': 'https://example.org/back' }, 'a:b': { '@id': 'a:b' }, gone: null, type: '@type' },
  { '@context': ['../c.jsonld', { x: { '@id': 'y', '@context': {} } }] },
];
