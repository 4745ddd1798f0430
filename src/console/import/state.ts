/** Holds the import of this page: what was chosen, and how it went. It stays when the person looks at something else. */
import { signal } from '@preact/signals';
import type { Mapping } from './mapping.ts';
import type { Progress } from './run.ts';
import type { SourceTable } from './table.ts';

/** What is being imported. */
interface Begun {
  readonly table: SourceTable;
  readonly mapping: Mapping;
}

/** An import that runs or has ended. */
export interface Running {
  readonly progress: Progress;
  readonly total: number;
  readonly stopping: AbortController | undefined;
  /** Why it ended early; empty when it did not. */
  readonly problem: string;
}

export const begun = signal<Begun | undefined>(undefined);
export const running = signal<Running | undefined>(undefined);
