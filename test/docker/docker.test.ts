/** Tests that the files in docker/ refer to existing files, options of the broker, and services. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { options, variableOf } from '../../src/app/config/options.ts';
import { readConfig } from '../../src/app/config/read-config.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const variables: readonly string[] = Object.keys(options).map((name) => variableOf(name));

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
}
const servicesOf = (file: string): Readonly<Record<string, Service>> =>
  (parse(read(`docker/${file}`), { merge: true }) as { services: Record<string, Service> }).services;

describe('the Dockerfile', () => {
  const lines = read('docker/Dockerfile').replaceAll('\\\n', ' ').split('\n');

  test('copies what is there, and is sent it', () => {
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    expect(copied).toContain('smart-data-models');
    expect(copied.filter((path) => globSync(path, { cwd: root }).length === 0)).toEqual([]);
    const sent = read('.dockerignore').split('\n');
    expect(copied.filter((path) => !sent.includes(`!${path.split('/')[0] ?? ''}`))).toEqual([]);
  });

  test('sets options that the broker has', () => {
    const settings = lines.flatMap((line) => [...line.matchAll(/(MLAKA_\w+)=(\S+)/g)]);
    const env = Object.fromEntries(settings.map(([, name = '', value = '']) => [name, value]));
    expect(Object.keys(env)).toContain('MLAKA_DATA');
    expect(Object.keys(env).filter((name) => !variables.includes(name))).toEqual([]);
    expect(readConfig({ args: [], env })).toMatchObject({ host: '0.0.0.0', port: 1026, data: '/data' });
  });
});

describe.each(['compose.yaml', 'compose.mongo.yaml'])('%s', (file) => {
  const services = Object.entries(servicesOf(file));

  test('depends on services that it has, and mounts files that are there', () => {
    const names = services.map(([name]) => name);
    expect(
      services.flatMap(([, { depends_on = {} }]) => Object.keys(depends_on)).filter((on) => !names.includes(on)),
    ).toEqual([]);
    const files = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    expect(files.filter((path) => path.startsWith('.') && !existsSync(`${root}docker/${path}`))).toEqual([]);
  });

  test('sets options that the broker has, to values that it takes', () => {
    for (const [, { environment = {} }] of services) {
      expect(Object.keys(environment).filter((name) => !variables.includes(name))).toEqual([]);
      expect(() => readConfig({ args: [], env: environment })).not.toThrow();
    }
  });
});
