/** `mlaka compact`: reports the space in the SQLite files, and returns free space to the disk. */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { compact, measureSpace } from '../../store/sqlite/compact.ts';
import { lockFolder } from '../../store/sqlite/folder-lock.ts';
import { rescueWals } from '../../store/sqlite/rescue-wal.ts';
import { fileOf, sizeOf, tenantsIn } from '../../store/sqlite/tenant-file.ts';
import { readConfig } from '../config/read-config.ts';
import type { Command, Io } from './command.ts';
import { helpOf, readFlags } from './options.ts';
import { asksForHelp } from '../config/arguments.ts';

const flags = {
  data: { form: 'FOLDER', about: 'Folder of the broker; empty: the one that serve would use.', initial: '' },
  tenant: { form: 'NAME', about: 'Only this tenant; empty: all.', initial: '' },
  'dry-run': { form: '', about: 'Only tell sizes. The broker may run.', initial: '' },
} as const;

const usage = `mlaka compact [OPTIONS]

Tells what the files of SQLite hold, and writes them anew without what is free in them. The broker must be stopped. Nothing
is lost when this is killed. It needs free room on the disk, and in the folder of temporary files (SQLITE_TMPDIR=FOLDER
names another), of as much as will be left of the file.
`;

export const compactFiles: Command = {
  name: 'compact',
  summary: 'gives back to the disk what is free in the files of SQLite; --dry-run: tells what they hold',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values } = readFlags(args, flags);
    const data = folderOf(values.data);
    const tenants = tenantsOf(data, values.tenant);
    const isDryRun = values['dry-run'] === 'true';
    const giveBack = isDryRun ? takeFree(data) : lockFolder(data, 'mlaka compact');
    if (giveBack) rescue(data, io);
    return workOn(tenants, { data, isDryRun }, io).finally(giveBack);
  },
};

/** A dry run works without the lock of the folder. A broker that holds the lock has already checked the write-ahead logs. */
function takeFree(data: string): (() => void) | undefined {
  try {
    return lockFolder(data, 'mlaka compact --dry-run');
  } catch {
    return undefined;
  }
}

/** Opening a file makes SQLite discard the damaged part of its write-ahead log, so the log is copied first. */
function rescue(data: string, { err }: Io): void {
  for (const { file, transactions, copy, failed } of rescueWals(data))
    err.write(
      `The write-ahead log of ${file} is damaged: ${transactions} transactions cannot be read. ${failed ?? `The log as it was is in ${copy}.`}\n`,
    );
}

async function workOn(tenants: readonly string[], errand: Omit<CompactRequest, 'tenant'>, io: Io): Promise<number> {
  for (const tenant of tenants) {
    // Yields, so that a stop signal is received.
    await turn();
    if (io.signal.aborted) return 1;
    work({ ...errand, tenant }, io);
  }
  return 0;
}

/** The data folder from the flag, or from the configuration of the broker. */
function folderOf(data: string): string {
  const config = readConfig({ args: data === '' ? [] : ['--data', data], env: process.env });
  if (config.store !== 'sqlite')
    throw new Error(`The store is ${config.store}; only files of SQLite can be compacted.`);
  return config.data;
}

function tenantsOf(data: string, wanted: string): readonly string[] {
  const tenants = tenantsIn(data).filter((tenant) => wanted === '' || tenant === wanted);
  if (tenants.length > 0) return tenants;
  throw new Error(`In ${data} there is no file of ${wanted === '' ? 'any tenant' : `the tenant ${wanted}`}.`);
}

interface CompactRequest {
  readonly data: string;
  readonly tenant: string;
  readonly isDryRun: boolean;
}

function work({ data, tenant, isDryRun }: CompactRequest, { out }: Io): void {
  const path = join(data, fileOf(tenant));
  const { file, wal } = sizeOf(data, tenant);
  const { free, taken } = measureSpace(path);
  const kinds = Object.entries(taken).map(([kind, bytes]) => `${kind} ${megabytes(bytes)}`);
  out.write(
    `${path}: ${megabytes(file)}, write-ahead log ${megabytes(wal)}\n  ${kinds.join(', ')}, free ${megabytes(free)}\n`,
  );
  if (isDryRun) return;
  const began = performance.now();
  compact(path);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  out.write(`  now ${megabytes(sizeOf(data, tenant).file)}, after ${seconds} s\n`);
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
