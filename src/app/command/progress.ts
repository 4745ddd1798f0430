/** Shows the progress of long work: one line that is rewritten on a terminal, or a line every few seconds elsewhere. */
import { performance } from 'node:perf_hooks';
import type { Writable } from 'node:stream';

export interface Progress {
  /** Shows the amount done; `share` is 0 to 1 when the total is known. */
  show(done: number, share?: number): void;
  end(done: number): void;
}

const isTerminal = (out: Writable): boolean => 'isTTY' in out && out.isTTY === true;

/** Shows the progress of work that is counted in `things`, such as `rows`. */
export function createProgress(out: Writable, things: string): Progress {
  const began = performance.now();
  const rewrites = isTerminal(out);
  const everyMs = rewrites ? 200 : 5000;
  let shownAt = began;
  const line = (done: number, share?: number): string => {
    const seconds = (performance.now() - began) / 1000;
    const rate = Math.round(done / Math.max(seconds, 0.001));
    return `${bar(share)}${done.toLocaleString('en')} ${things}, ${rate.toLocaleString('en')}/s`;
  };
  return {
    show(done, share) {
      if (performance.now() - shownAt < everyMs) return;
      shownAt = performance.now();
      out.write(rewrites ? `\r\u001b[K${line(done, share)}` : `${line(done, share)}\n`);
    },
    end(done) {
      out.write(`${rewrites ? '\r\u001b[K' : ''}${line(done, 1)}\n`);
    },
  };
}

function bar(share: number | undefined): string {
  if (share === undefined) return '';
  const filled = Math.round(share * 20);
  return `[${'#'.repeat(filled)}${'-'.repeat(20 - filled)}] ${String(Math.round(share * 100)).padStart(3)} % `;
}
