/** Provides the environment of a reader of the documents: a folder, a shell, and programs in the background. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '../edge/deliver/test-broker.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A program that was started. */
interface Program {
  /** What it wrote, when that is as wanted. */
  until(isWanted: (out: string) => boolean): Promise<string>;
  /** Resolves when it has ended. */
  stop(): Promise<void>;
}

export interface Terminal {
  readonly folder: string;
  /** A text of a document, with the addresses that are meant here. */
  here(text: string): string;
  /** Carries commands out; what they wrote. Fails when one of them fails, and when a broker answers with a status of failure. */
  run(commands: string): Promise<string>;
  /** Saves a script of Node and runs it. */
  start(script: string): Program;
  close(): void;
}

/** What the shell makes of commands: `mlaka` is that of the sources, and asks the broker at BROKER when no other is named. */
const functions = `
set -e -o pipefail
curl() { command curl -sS --fail-with-body "$@"; }
mlaka() {
  case "$*" in *--url*|models*|check*) ;; *) set -- "$@" --url "$BROKER" ;; esac
  node --disable-warning=ExperimentalWarning "${root}src/app/main.ts" "$@"
}
npm() { shift 3; mlaka "$@"; }
npx() { "${root}node_modules/.bin/$1" "\${@:2}"; }
`;

const isAssignment = (line: string): boolean => /^[A-Z_]+=/.test(line);

/** `replaced`: addresses in documents, and those that they stand for here; `localhost:1026` is the broker. */
export function openTerminal(replaced: Readonly<Record<string, string>>): Terminal {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-reader-'));
  const known: string[] = [];
  const programs: ChildProcess[] = [];
  const here = (text: string): string =>
    Object.entries(replaced).reduce((left, [from, to]) => left.replaceAll(from, to), text);
  const env = {
    ...process.env,
    PATH: `${root}node_modules/.bin:${process.env['PATH']}`,
    BROKER: `http://${here('localhost:1026')}`,
  };
  return {
    folder,
    here,
    async run(commands) {
      const text = here(commands);
      const script = [functions, ...known, text].join('\n');
      const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: folder, env });
      known.push(...text.split('\n').filter(isAssignment));
      return stdout;
    },
    start(script) {
      const file = join(folder, `${programs.length}.mjs`);
      writeFileSync(file, here(script));
      const program = spawn('node', ['--disable-warning=ExperimentalWarning', file], { env });
      let out = '';
      program.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
      program.stderr.on('data', (piece: Buffer) => (out += piece.toString()));
      programs.push(program);
      const ended = once(program, 'exit');
      return {
        until: (isWanted) => eventually(() => Promise.resolve(out), isWanted),
        async stop() {
          program.kill();
          await ended;
        },
      };
    },
    close() {
      for (const program of programs) program.kill();
      rmSync(folder, { recursive: true });
    },
  };
}
