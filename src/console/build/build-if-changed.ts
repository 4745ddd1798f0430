/** Builds the console into `dist/console`, unless its files there are newer than all sources. `npm start` and `npm test` run it first. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The time of the last change below a folder, or of a file, in milliseconds. */
function changedAt(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  const inside = readdirSync(path).map((name) => changedAt(join(path, name)));
  return Math.max(found.mtimeMs, ...inside);
}

const builtAt = statSync(join(root, 'dist/console/licenses.md'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sources = ['src/console', 'src/client', 'src/core/mapping', 'src/core/model', 'package-lock.json'].map((name) =>
  changedAt(join(root, name)),
);
if (builtAt < Math.max(...sources)) await build({ configFile: join(root, 'src/console/build/vite.config.ts') });
