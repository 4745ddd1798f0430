/** Tests the rules of the project that no other tool checks: words, sizes of folders, headers, and that the tables match. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { operations } from '../../src/core/operation/table.ts';
import { v2EntityOperations } from '../../src/core/operation/v2/table.ts';

const root = new URL('../../', import.meta.url).pathname;

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const sources = filesBelow(join(root, 'src')).filter((path) => /\.tsx?$/.test(path));
const short = (path: string): string => relative(root, path);
const read = (path: string): string => readFileSync(path, 'utf8');

/** Words that say nothing, and what to say instead. */
const banned: readonly (readonly [RegExp, string])[] = [
  // A class and a property of DCAT have such names.
  [/\b(?!DataService\b|accessService\b)\w+(Manager|Service|Util|Utils|Helper|Impl)\b/, 'name it after what it does'],
  [/\bclass Base[A-Z]\w*/, 'prefer a function, or say what is common'],
  [/\b(console\.log|debugger)\b/, 'call observe, or write to a stream that was handed over'],
  [/\bas any\b|: any\b|<any>/, 'read unknown JSON by a guard'],
];

/** Words that only this project would understand, and the field's terms for the same things. */
const dialect: readonly (readonly [string, string])[] = [
  ['Office', 'the state of a tenant'],
  ['Teller', 'a renderer'],
  ['Shelf|Shelves', 'a document collection'],
  ['Tenure', 'a lease term'],
  ['Graveyard', 'a dead letter publisher'],
  ['Fate', 'a retry state'],
  ['Wish', 'the limits of a search'],
  ['Outlook|Standing', 'a status'],
  ['Ledger', 'a progress store, a log, a database writer'],
  ['Tally', 'a summary, counts, a meter'],
  ['Desk|Circle|Guest|Errand|Reign|Foresight|Surroundings', 'what the field calls it'],
];

/** The names of what a source declares. */
const declared = (text: string): readonly string[] =>
  [...text.matchAll(/^(?:export )?(?:async )?(?:interface|type|class|function|const) (\w+)/gm)].map(
    ([, name = '']) => name,
  );

describe('words', () => {
  test.each(dialect)('nothing is named %s: the field says %s', (word) => {
    const inside = new RegExp(`(?:^|[a-z])(?:${word})(?:$|[A-Z])`);
    const found = sources.flatMap((path) =>
      [...declared(read(path)), short(path).replace(/(?:^|[-/])(\w)/g, (_, letter: string) => letter.toUpperCase())]
        .filter((name) => inside.test(name))
        .map((name) => `${short(path)}: ${name}`),
    );
    expect(found).toEqual([]);
  });

  test('every exported name of the ports says what it promises', () => {
    const ports = sources.filter((path) => short(path).startsWith('src/core/port/'));
    expect(ports.length).toBeGreaterThan(5);
    const silent = ports.flatMap((path) =>
      [...read(path).matchAll(/(\*\/\n)?^export (?:async )?(?:interface|type|function|const|class) (\w+)/gm)]
        .filter(([, comment]) => comment === undefined)
        .map(([, , name]) => `${short(path)}: ${name}`),
    );
    expect(silent).toEqual([]);
  });

  test.each(banned)('no %s in the sources', (pattern, instead) => {
    const found = sources.filter((path) => pattern.test(read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')));
    expect({ instead, found: found.map(short) }).toEqual({ instead, found: [] });
  });

  test('no folder is named for leftovers', () => {
    const names = new Set(sources.flatMap((path) => short(path).split('/').slice(0, -1)));
    expect([...names].filter((name) => /^(utils?|common|tools?|shared|helpers?|misc|lib)$/.test(name))).toEqual([]);
  });

  test('file names are kebab-case', () => {
    expect(
      sources
        .map(short)
        .filter((path) => !/^(?:[a-z0-9]+(?:[-.][a-z0-9]+)*\/)*[a-z0-9]+(?:[-.][a-z0-9]+)*\.tsx?$/.test(path)),
    ).toEqual([]);
  });
});

describe('files', () => {
  test('every source opens by saying what it is in charge of', () => {
    expect(sources.filter((path) => !/^(#!.*\n)?(\/\*\*|\/\/) ?/.test(read(path))).map(short)).toEqual([]);
  });

  test('no barrel re-exports a folder', () => {
    expect(sources.filter((path) => /^export \* from/m.test(read(path))).map(short)).toEqual([]);
  });

  test('a folder holds no more than a person can look over', () => {
    const lines = new Map<string, number>();
    for (const path of sources) {
      const folder = short(path).split('/').slice(0, -1).join('/');
      lines.set(folder, (lines.get(folder) ?? 0) + read(path).split('\n').length);
    }
    expect([...lines].filter(([, count]) => count > 3500)).toEqual([]);
  });

  test('no blob over 256 KiB', () => {
    const kept = ['src', 'test', 'schemas', 'smart-data-models', 'docs', 'docker', 'examples'].flatMap((folder) => {
      const path = join(root, folder);
      return statSync(path, { throwIfNoEntry: false }) ? filesBelow(path) : [];
    });
    expect(kept.filter((path) => statSync(path).size > 256 * 1024).map(short)).toEqual([]);
  });
});

describe('operations', () => {
  test('names and routes are unique', () => {
    expect(new Set(operations.map(({ name }) => name)).size).toBe(operations.length);
    expect(new Set(operations.map(({ method, path }) => `${method} ${path}`)).size).toBe(operations.length);
  });

  test('every operation file is in the table, and every operation has a scenario', () => {
    const declared = filesBelow(join(root, 'src/core/operation')).flatMap((path) =>
      [...read(path).matchAll(/export const (\w+): Operation = /g)].map((match) => match[1]),
    );
    expect(declared.sort()).toEqual([...operations, ...v2EntityOperations].map(({ name }) => name).sort());
    const scenarios = filesBelow(join(root, 'test/scenario')).map(read).join('\n');
    expect(operations.map(({ name }) => name).filter((name) => !scenarios.includes(`'${name}'`))).toEqual([]);
  });

  test('every operation cites its clause', () => {
    expect(operations.filter(({ clause }) => !/^\d+(\.\d+)+$/.test(clause)).map(({ name }) => name)).toEqual([]);
  });
});
