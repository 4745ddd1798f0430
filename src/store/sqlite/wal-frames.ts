/** Reads a write-ahead log like SQLite's recovery, and continues after the point where that stops (SQLite file format, section 4). */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The part of a write-ahead log that recovery cannot use, although it was written after the usable part. */
export interface Damage {
  /** Frames (one page each) that recovery uses: up to the last transaction before the damage. */
  readonly usable: number;
  /** Frames of the same log after the usable ones, and the number of transactions in them. */
  readonly frames: number;
  readonly transactions: number;
  readonly bytes: number;
}

const headerBytes = 32;
const frameHeaderBytes = 24;
/** Frames per read. */
const framesAtOnce = 64;

/** The two running checksums that chain the frames. */
type Sums = readonly [number, number];

interface Header {
  readonly pageBytes: number;
  readonly isLittle: boolean;
  /** Both salts of the log. Each of its frames repeats them. */
  readonly salts: bigint;
  readonly sums: Sums;
  readonly isWhole: boolean;
}

/**
 * Undefined when recovery loses no committed transaction. A frame that was being written when the process was killed is no damage.
 * Neither are frames of uncommitted transactions. Reads the file once, a few frames at a time. Throws when the file does not exist.
 */
export function findDamage(path: string): Damage | undefined {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const start = Buffer.alloc(headerBytes + frameHeaderBytes);
    if (readSync(file, start, 0, start.length, 0) < start.length) return undefined;
    const header = readHeader(start);
    return header && walk({ file, size }, header);
  } finally {
    closeSync(file);
  }
}

/** For a damaged header, uses the salts of the first frame and the default page size. */
function readHeader(start: Buffer): Header | undefined {
  const magic = start.readUInt32BE(0);
  const isLittle = magic !== 0x377f0683;
  const sums = addUp(start.subarray(0, frameHeaderBytes), [0, 0], isLittle);
  const isWhole =
    (magic === 0x377f0682 || !isLittle) && sums[0] === start.readInt32BE(24) && sums[1] === start.readInt32BE(28);
  const pageBytes = start.readUInt32BE(8);
  const isPage = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0;
  if (isWhole && !isPage) return undefined;
  return {
    pageBytes: isPage ? pageBytes : usualPageBytes,
    isLittle,
    salts: start.readBigUInt64BE(isWhole ? 16 : headerBytes + 8),
    sums,
    isWhole,
  };
}

const usualPageBytes = 4096;

/** The progress of the scan. Frames have numbers from 1. */
interface WalProgress {
  /** Undefined after the first frame that recovery cannot use. */
  sums: Sums | undefined;
  /** The number of that frame, if it belongs to the log. */
  broken: number;
  /** The last usable commit, and the last frame of the log. */
  usable: number;
  last: number;
  /** The number of commits that cannot be used. */
  lost: number;
}

interface Taking {
  readonly header: Header;
  readonly frame: number;
}

function walk({ file, size }: { readonly file: number; readonly size: number }, header: Header): Damage | undefined {
  const frameBytes = frameHeaderBytes + header.pageBytes;
  const progress: WalProgress = {
    sums: header.isWhole ? header.sums : undefined,
    broken: 0,
    usable: 0,
    last: 0,
    lost: 0,
  };
  const buffer = Buffer.alloc(frameBytes * framesAtOnce);
  let frame = 0;
  for (let at = headerBytes; at + frameBytes <= size; ) {
    const read = Math.floor(readSync(file, buffer, 0, buffer.length, at) / frameBytes);
    if (read === 0) break;
    for (let n = 0; n < read; n += 1) {
      frame += 1;
      readFrame(progress, buffer.subarray(n * frameBytes, (n + 1) * frameBytes), { header, frame });
    }
    at += read * frameBytes;
  }
  const frames = progress.last - progress.usable;
  // If it is the last frame, it may have been in the middle of a write.
  if (progress.lost === 0 || progress.last === progress.broken) return undefined;
  return { usable: progress.usable, frames, transactions: progress.lost, bytes: frames * frameBytes };
}

function readFrame(progress: WalProgress, bytes: Buffer, { header, frame }: Taking): void {
  const isOfLog = bytes.readBigUInt64BE(8) === header.salts;
  const isCommit = bytes.readUInt32BE(4) !== 0;
  const before = progress.sums;
  progress.sums = before && isOfLog ? followed(before, bytes, header) : undefined;
  if (!isOfLog) return;
  progress.last = frame;
  if (before && !progress.sums) progress.broken = frame;
  if (!isCommit) return;
  if (progress.sums) progress.usable = frame;
  else progress.lost += 1;
}

/** The checksums after a frame; undefined when they differ from those in the frame. */
function followed(before: Sums, frame: Buffer, { isLittle }: Header): Sums | undefined {
  const sums = sumsOf(frame, before, isLittle);
  return sums[0] === frame.readInt32BE(16) && sums[1] === frame.readInt32BE(20) ? sums : undefined;
}

/** The checksums cover the first eight bytes of the frame's header, and the page. */
const sumsOf = (frame: Buffer, before: Sums, isLittle: boolean): Sums =>
  addUp(frame.subarray(frameHeaderBytes), addUp(frame.subarray(0, 8), before, isLittle), isLittle);

function addUp(bytes: Buffer, [first, second]: Sums, isLittle: boolean): Sums {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + view.getInt32(at, isLittle) + second) | 0;
    second = (second + view.getInt32(at + 4, isLittle) + first) | 0;
  }
  return [first, second];
}
