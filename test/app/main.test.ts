/** Tests the command line as a process: exit codes, messages, and that a failed command always exits. */
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { commands } from '../../src/app/commands.ts';

const main = fileURLToPath(new URL('../../src/app/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mlaka-main-'));
const noFolder = join(folder, 'file');
writeFileSync(noFolder, '');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line to its end; `onOutput` may tell the process something. */
function mlaka(
  args: readonly string[],
  onOutput: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { timeout: 15_000 });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text: Buffer) => {
      out += text.toString();
      onOutput(out, (signal) => child.kill(signal));
    });
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

describe('mlaka', () => {
  test('says which commands there are', async () => {
    const { code, out } = await mlaka(['--help']);
    expect(code).toBe(0);
    for (const { name, summary } of commands)
      expect(out).toMatch(new RegExp(`mlaka ${name} +${summary.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
  });

  test('says which version it is', async () => {
    expect(await mlaka(['--version'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^mlaka \d+\.\d+\.\d+\n$/),
    });
  });

  test.each(commands.map((command) => [command.name, command] as const))(
    '%s says how it is used, and refuses what it does not know',
    async (name, command) => {
      const { code, out } = await mlaka([name, '--help']);
      expect(code).toBe(0);
      expect(out).toContain(`mlaka ${name}`);
      const io = { out: new PassThrough(), err: new PassThrough(), signal: new AbortController().signal };
      const attempt = (...args: string[]) => expect((async () => command.run(args, io))()).rejects;
      await attempt('--nope').toThrow(/^There is no option --nope\./);
      await attempt('one', 'two', 'three').toThrow(/^("\w+" is one argument too many\.|Say what to do: .*)$/);
    },
  );

  test.each<readonly [string, readonly string[], number, RegExp]>([
    ['a command that is not there', ['dance'], 2, /no command dance/],
    ['a command that is written wrongly', ['exprot'], 2, /no command exprot\. Did you mean export\?/],
    ['an unknown option', ['serve', '--colour', 'red'], 1, /--colour/],
    ['an option that is written wrongly', ['serve', '--prot', '1'], 1, /no option --prot\. Did you mean --port\?/],
    ['an option without its value', ['export', '--url'], 1, /--url needs a value\.\n$/],
    ['an option in place of a value', ['export', '--out', '--url'], 1, /--out needs a value, and --url is an option/],
    ['a switch with a value', ['import', 'f', '--resume=yes'], 1, /--resume is a switch/],
    ['an option that is wrong', ['serve', '--port', 'many'], 1, /--port must be/],
    [
      'a mode of models that is none',
      ['serve', '--port', '0', '--data', folder, '--models', 'sometimes'],
      1,
      /sometimes/,
    ],
    ['a retention that is none', ['serve', '--port', '0', '--data', folder, '--history-keep', 'x=y'], 1, /historyKeep/],
    [
      'a data folder that is a file',
      ['serve', '--port', '0', '--data', noFolder],
      1,
      /file: it is there already, and is no folder/,
    ],
    [
      'an index of contexts that is not there',
      ['serve', '--port', '0', '--data', folder, '--context-preload', join(folder, 'no.json')],
      1,
      /no\.json/,
    ],
    ['an import without a file', ['import'], 1, /one file/],
    [
      'a file that is not there',
      ['import', 'no.csv', '--map', join(folder, 'no.map')],
      1,
      /no\.map: there is no such file or folder\.\n$/,
    ],
    ['a folder in place of a file', ['restore', folder], 1, /It is a folder, and a file is needed/],
    [
      'a data folder for compact that is not there',
      ['compact', '--data', join(folder, 'no')],
      1,
      /no: there is no such/,
    ],
    ['a broker that is no URL', ['export', '--url', 'broker'], 1, /--url must be .*, not "broker"\.\n$/],
    ['a broker that is not there', ['export', '--url', 'http://127.0.0.1:9'], 1, /127\.0\.0\.1:9/],
    ['a catalogue that cannot be asked for', ['check', 'dcat', 'http://127.0.0.1:9/c'], 1, /check: bad port\n$/],
  ])('%s ends with a message', async (_, args, expected, message) => {
    const { code, err } = await mlaka(args);
    expect({ code, err }).toEqual({ code: expected, err: expect.stringMatching(message) });
  });

  test('serve runs until it is told to stop, and then ends well', async () => {
    const { code, out } = await mlaka(
      ['serve', '--port', '0', '--data', folder, '--log-level', 'silent'],
      (text, kill) => {
        if (text.includes('listens on') && !text.includes('stopped')) kill('SIGTERM');
      },
    );
    expect(code).toBe(0);
    expect(out).toMatch(/Mlaka listens on http:\/\/127\.0\.0\.1:\d+[^]*Mlaka has stopped/);
  });
});
