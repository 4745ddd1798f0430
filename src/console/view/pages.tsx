/** Loads long lists page by page, and says when there is more than is shown. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { type Loading, useLoad } from '../data/load.ts';
import { say } from '../words/words.ts';
import { Shown } from './parts.tsx';

/** Records on a page. Each request asks for one more, which tells whether there is a next page. */
const pageSize = 50;

export interface PageRange {
  readonly offset: number;
  readonly limit: number;
}

export interface Pages<T> extends Loading<readonly T[]> {
  readonly offset: Signal<number>;
}

/** Begins at the first page again when one of `dependencies` changes. */
export function usePages<T>(
  load: (range: PageRange) => Promise<readonly T[]>,
  dependencies: readonly unknown[],
): Pages<T> {
  const offset = useSignal(0);
  useEffect(() => {
    offset.value = 0;
  }, dependencies);
  const loading = useLoad(() => load({ offset: offset.value, limit: pageSize + 1 }), [...dependencies, offset.value]);
  return { ...loading, offset };
}

interface PagedProps<T> {
  readonly of: Pages<T>;
  readonly children: (records: readonly T[]) => ComponentChildren;
}

/** The records of a page, and below them the way to the other pages. */
export const Paged = <T,>({ of, children }: PagedProps<T>) => (
  <Shown of={of}>
    {(found) => (
      <>
        {children(found.slice(0, pageSize))}
        {(of.offset.value > 0 || found.length > pageSize) && (
          <Pager offset={of.offset} size={pageSize} found={found.length} />
        )}
      </>
    )}
  </Shown>
);

interface PagerProps {
  readonly offset: Signal<number>;
  /** Records on a page. */
  readonly size: number;
  /** Records from `offset` on that are known. */
  readonly found: number;
  /** The number of all records, where it is known. */
  readonly total?: number;
}

/** The way to the other pages. */
export function Pager({ offset, size, found, total }: PagerProps) {
  const from = offset.value;
  const hasMore = found > size;
  return (
    <nav class="bar pager" aria-label={say('pages')}>
      <button
        type="button"
        class="quiet"
        disabled={from === 0}
        onClick={() => (offset.value = Math.max(from - size, 0))}
      >
        {say('earlierPage')}
      </button>
      <span role="status">
        {from + 1}–{from + Math.min(found, size)}
        {total === undefined ? hasMore && `, ${say('thereIsMore')}` : ` ${say('ofEntities')} ${total}`}
      </span>
      <button type="button" class="quiet" disabled={!hasMore} onClick={() => (offset.value = from + size)}>
        {say('laterPage')}
      </button>
    </nav>
  );
}
