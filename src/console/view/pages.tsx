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
        {(of.offset.value > 0 || found.length > pageSize) && <Pager offset={of.offset} found={found.length} />}
      </>
    )}
  </Shown>
);

function Pager({ offset, found }: { readonly offset: Signal<number>; readonly found: number }) {
  const from = offset.value;
  const hasMore = found > pageSize;
  return (
    <nav class="bar pager" aria-label={say('pages')}>
      <button
        type="button"
        class="quiet"
        disabled={from === 0}
        onClick={() => (offset.value = Math.max(from - pageSize, 0))}
      >
        {say('earlierPage')}
      </button>
      <span role="status">
        {from + 1}–{from + Math.min(found, pageSize)}
        {hasMore && `, ${say('thereIsMore')}`}
      </span>
      <button type="button" class="quiet" disabled={!hasMore} onClick={() => (offset.value = from + pageSize)}>
        {say('laterPage')}
      </button>
    </nav>
  );
}
