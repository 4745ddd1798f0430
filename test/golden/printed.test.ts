/** The commands that the documents print do what is said of them: each is run in order against a broker, and printed answers are what comes. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { startTestBroker } from '../scenario/scenario.ts';

/** The indented blocks of a document and those in fences of JSON, as they follow each other, without what makes them blocks. */
const blocksIn = (document: string): readonly string[] =>
  [
    ...readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8').matchAll(
      /(?<=\n\n)(?: {4}.*\n|\n(?= {4}))+|(?<=```json\n)[^]*?(?=```)/g,
    ),
  ].map(([block]) => block.replace(/^ {4}/gm, '').trim());

const isCommand = (block: string): boolean => /^(curl|[A-Z]+=)/.test(block);

/** The value of a text that is JSON; undefined when it is none. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Runs command blocks in one shell, in order; answers what each wrote, and its exit code. */
async function outcomes(blocks: readonly string[], host: string): Promise<readonly { code: number; out: string }[]> {
  const lines = blocks.map((block) => `${block.replaceAll('localhost:1026', host)}\necho "@@$?@@"`);
  const script = `curl() { command curl -sS --fail-with-body "$@"; }\n${lines.join('\n')}`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script]);
  return [...stdout.matchAll(/([^]*?)@@(\d+)@@\n/g)].map(([, out = '', code]) => ({ code: Number(code), out }));
}

/** The JSON at the end of what a command wrote, perhaps behind the head of an answer. */
const bodyIn = (out: string): unknown => jsonIn(out.split('\r\n\r\n').at(-1) ?? '');

describe('printed commands', () => {
  test.each([
    ['README.md', 0],
    ['docs/history.md', 3],
    ['docs/models.md', 0],
  ])(
    'of %s succeed, and %i or more answer what is printed',
    async (document, answers) => {
      const broker = await startTestBroker(['--store', 'sqlite']);
      try {
        const blocks = blocksIn(document);
        const commands = blocks.filter(isCommand);
        const ended = await outcomes(commands, new URL(broker.url).host);
        expect(commands.length).toBeGreaterThan(0);
        const told = commands.map((block, index) => ({ block, ...ended[index] }));
        expect(told.filter(({ code }) => code !== 0)).toEqual([]);
        const answered = told.flatMap(({ block, out = '' }) => {
          const printed = jsonIn(blocks[blocks.indexOf(block) + 1] ?? '');
          return printed === undefined ? [] : [{ block, printed, came: bodyIn(out) }];
        });
        expect(answered.length).toBeGreaterThanOrEqual(answers);
        for (const { block, printed, came } of answered) expect({ block, came }).toEqual({ block, came: printed });
      } finally {
        await broker.stop();
      }
    },
    60_000,
  );
});
