/** Tests the options: the sources of values, refusals, and that the documentation lists them correctly. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { configSchema, configTable, helpText } from '../../src/app/config/describe-config.ts';
import { options } from '../../src/app/config/options.ts';
import { config } from '../../src/app/serve/serve.ts';
import { run } from '../app/command/test-broker.ts';
import { readConfig, strangersIn } from '../../src/app/config/read-config.ts';

const fileWith = (content: unknown): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'mlaka-config-')), 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

describe('configuration', () => {
  test('flags go before the environment, the environment before the file, the file before what is set initially', () => {
    const path = fileWith({ port: 1, host: 'file', pageMax: 7 });
    const config = readConfig({
      args: ['--port', '3', '--config', path],
      env: { MLAKA_PORT: '2', MLAKA_HOST: 'environment' },
    });
    expect([config.port, config.host, config.pageMax, config.store]).toEqual([3, 'environment', 7, 'sqlite']);
  });

  test.each([
    [['--port', 'abc'], {}, /--port must be a whole number/],
    [['--port', '70000'], {}, /65535/],
    [['--store', 'paper'], {}, /--store must be one of sqlite, mongo, memory/],
    [['--colour', 'red'], {}, /--colour/],
    [[], { MLAKA_PAGE_MAX: '-1' }, /MLAKA_PAGE_MAX must be/],
    [[], { MLAKA_MODEL: 'reject' }, /There is no option MLAKA_MODEL\. Did you mean MLAKA_MODELS\?/],
    [[], { MLAKA_LOGLEVEL: 'info' }, /Did you mean MLAKA_LOG_LEVEL\?/],
    [[], { MLAKA_CONFG: 'x' }, /Did you mean MLAKA_CONFIG\?/],
    [['--no-port'], {}, /There is no option --no-port/],
    [['--stream-deflate=false'], {}, /--stream-deflate is a switch/],
    [['--config', fileWith({ colour: 'red' })], {}, /unknown option: colour/],
    [['--config', fileWith({ pagemax: 1 })], {}, /unknown option: pagemax\. Did you mean pageMax\?/],
    [['--config', fileWith('{')], {}, /config\.json/],
    [['--config', '/nowhere/at/all.json'], {}, /nowhere/],
  ])('%j %j is refused', (args, env, message) => expect(() => readConfig({ args, env })).toThrow(message));

  test('a switch is on with its flag', () => {
    expect(readConfig({ args: ['--context-allow-private'], env: {} }).contextAllowPrivate).toBe(true);
    expect(readConfig({ args: [], env: { MLAKA_CONTEXT_ALLOW_PRIVATE: 'true' } }).contextAllowPrivate).toBe(true);
  });

  test('a switch is off with no- before it', () => {
    const config = readConfig({ args: ['--no-stream-deflate'], env: { MLAKA_STREAM_DEFLATE: 'true' } });
    expect(config.streamDeflate).toBe(false);
  });

  test('variables that are like no option are told of, and those of an orchestrator are left alone', () => {
    const env = {
      MLAKA_SEED: '7',
      MLAKA_SERVICE_HOST: '10.0.0.1',
      MLAKA_PORT_1026_TCP_ADDR: '10.0.0.1',
      MLAKA_PORT: '1',
    };
    expect(readConfig({ args: [], env }).port).toBe(1);
    expect(strangersIn(env)).toEqual([
      'The environment has MLAKA_SEED, which is no option of Mlaka and does nothing here.',
    ]);
  });

  test('mlaka config prints no password, and a printed one is not taken for it', async () => {
    const printed = await run(config, ['--mongo-url', 'mongodb+srv://ana:s3cret@db.example/m?tls=true']);
    expect(printed.out).toContain('mongodb+srv://ana:***@db.example/m?tls=true');
    expect(printed.out).not.toContain('s3cret');
    expect(() => readConfig({ args: ['--config', fileWith(printed.out)], env: {} })).toThrow(/mongoUrl in .* password/);
  });

  test('the schema accepts what is set initially and refuses what is unknown', () => {
    const validate = new Ajv2020({ strict: false }).compile(configSchema());
    expect(validate(Object.fromEntries(Object.entries(options).map(([name, { initial }]) => [name, initial])))).toBe(
      true,
    );
    expect(validate({ colour: 'red' })).toBe(false);
  });

  test('help names every option', () => {
    for (const name of Object.keys(options))
      expect(helpText()).toContain(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  });

  test('docs/configuration.md and schemas/config.json are what the table says', () => {
    const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    expect(read('docs/configuration.md')).toContain(configTable());
    expect(JSON.parse(read('schemas/config.json'))).toEqual(configSchema());
  });
});
