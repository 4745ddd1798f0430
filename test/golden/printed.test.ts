/** Tests the commands in the documents: it runs them in order against a broker, and compares the answers with the printed ones. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { startTestBroker } from '../scenario/scenario.ts';
import { blocksIn, isCommand, jsonIn } from './document.ts';
import { openTerminal } from './terminal.ts';

/** Documents whose commands need a broker and nothing else, and how many of the answers are printed at least. */
const alone: readonly (readonly [string, number])[] = [
  ['README.md', 0],
  ['docs/aggregates.md', 0],
  ['docs/contexts.md', 4],
  ['docs/demo.md', 0],
  ['docs/federation.md', 0],
  ['docs/history.md', 3],
  ['docs/indicators.md', 0],
  ['docs/models.md', 1],
  ['docs/municipal-flows.md', 4],
  ['docs/ngsi-ld-2.0.md', 0],
  ['docs/ngsi-v2.md', 3],
  ['docs/open-data.md', 0],
  ['docs/open311.md', 0],
  ['docs/operations.md', 0],
  ['docs/quantumleap-sth.md', 4],
  ['docs/snapshots.md', 0],
  ['docs/watch.md', 0],
];

/** Those that printed-programs.test.ts runs, with the programs that they print, and how many blocks of commands it knows of each. */
const withPrograms: Readonly<Record<string, number>> = {
  'docs/subscriptions.md': 10,
  'docs/streaming.md': 2,
  'docs/client.md': 0,
  'docs/import.md': 1,
  'docs/backup.md': 2,
  'docs/from-orion-ld.md': 4,
  'docs/mqtt.md': 1,
};

/** Commands that are not run here, by how they begin, and the reason. */
const notRun: readonly (readonly [string, string])[] = [
  [
    'curl -u "dashboard:$KEY"',
    'It needs a key of a broker that requires access; test/app/access.test.ts asks for such tokens.',
  ],
  ['npm start', 'It is the broker, which the test starts in this process.'],
  ['npm ci', 'It installs the packages; the tests of the pipeline begin with it.'],
  ['npm run demo', 'It goes on until it is stopped: test/app/command/demo.test.ts.'],
  ['npm run mlaka -- compact', 'It needs a broker that is stopped: test/app/command/compact.test.ts.'],
  ['npx node -e', 'It goes on until it is stopped: a listener as in docs/streaming.md.'],
  ['npm run mlaka -- models check', 'It reads a file of the package: test/app/command/models.test.ts.'],
  ['docker ', 'It needs Docker, and images from a registry.'],
  ['mlaka keys ', 'it prints keys, which differ each time; test/app/access.test.ts runs it'],
  ['mlaka subject ', 'it needs data of a person; test/app/subject.test.ts runs it'],
  ['mlaka serve ', 'It is a broker on its usual port; test/app/proxies.test.ts starts one with these options.'],
  ['mlaka import-v2 ', 'it needs another broker; test/app/command/import-v2.test.ts runs it'],
  ['mlaka check ', 'it ends with 1 where something is wrong; test/app/command and test/city/catalogue run it'],
  ['mlaka grants ', 'it needs a broker and a file; test/app/access.test.ts runs it'],
];

const isRun = (text: string): boolean => !notRun.some(([begin]) => text.startsWith(begin));

/** The JSON at the end of what a command wrote, perhaps behind the head of an answer. */
const bodyIn = (out: string): unknown => jsonIn(out.split('\r\n\r\n').at(-1) ?? '');

describe('printed commands', () => {
  test.each(alone)(
    'of %s succeed, and %i or more answer what is printed',
    async (document, answers) => {
      const broker = await startTestBroker(['--store', 'sqlite']);
      const terminal = openTerminal({ 'localhost:1026': new URL(broker.url).host });
      try {
        const blocks = blocksIn(document);
        const commands = blocks.filter((block) => isCommand(block) && isRun(block.text));
        expect(commands.length).toBeGreaterThan(0);
        let compared = 0;
        for (const block of commands) {
          const out = await terminal.run(block.text);
          const printed = jsonIn(blocks[blocks.indexOf(block) + 1]?.text ?? '');
          if (printed === undefined) continue;
          compared += 1;
          expect({ command: block.text, came: bodyIn(out) }).toEqual({ command: block.text, came: printed });
        }
        expect(compared).toBeGreaterThanOrEqual(answers);
      } finally {
        terminal.close();
        await broker.stop();
      }
    },
    60_000,
  );

  test('are run, all that there are, or not run for a reason', () => {
    const documents = [
      'README.md',
      ...readdirSync(new URL('../../docs', import.meta.url)).map((name) => `docs/${name}`),
    ];
    const commands = documents
      .filter((document) => document.endsWith('.md'))
      .flatMap((document) =>
        blocksIn(document)
          .filter(isCommand)
          .map(({ text }) => ({ document, text })),
      );
    const tested = new Set([...alone.map(([document]) => document), ...Object.keys(withPrograms)]);
    expect(commands.filter(({ document, text }) => isRun(text) && !tested.has(document))).toEqual([]);
    const counts = Object.keys(withPrograms).map((name) => [
      name,
      commands.filter((one) => one.document === name).length,
    ]);
    expect(Object.fromEntries(counts)).toEqual(withPrograms);
    const unused = notRun.filter(([begin]) => !commands.some(({ text }) => text.startsWith(begin)));
    expect(unused).toEqual([]);
  });
});
