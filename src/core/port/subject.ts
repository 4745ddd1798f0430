/** What the core asks of a store about one subject of data: to find what names it, and to erase that. */
import type { Change } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';
import type { HistoricInstance } from '../model/history.ts';
import type { Json } from '../model/json.ts';
import type { NumericSummary } from '../model/numeric-summary.ts';

/** Where a store keeps data. `rest`: names that nothing uses any more, and free space. Nothing is found there, it is only erased. */
export type SubjectPlace = 'entity' | 'history' | 'rollup' | 'log' | 'document' | 'rest';

/** Which part of which place to look through. */
export interface SubjectSlice {
  /** The id of the subject. `namedBy` tells what names it. */
  readonly id: string;
  readonly place: SubjectPlace;
  /** True: what is found in `history`, `rollup` and `log` is erased. Present entities and documents are changed by other methods. */
  readonly erases: boolean;
  /** The `next` of the slice before. */
  readonly after?: string;
}

/** Something that names the subject, as it is, or as it was before it was erased. */
export type SubjectFinding =
  | { readonly place: 'entity'; readonly entity: Entity }
  | { readonly place: 'history'; readonly id: string; readonly name: string; readonly instance: HistoricInstance }
  /** The rollups of a day of the subject's own history, of which perhaps no instances are left. */
  | {
      readonly place: 'rollup';
      readonly id: string;
      readonly name: string;
      readonly datasetId?: string;
      readonly summaries: readonly NumericSummary[];
    }
  /** `position`: of the record in the log. */
  | { readonly place: 'log'; readonly record: Change & { readonly position: number } }
  | { readonly place: 'document'; readonly collection: string; readonly key: string; readonly document: Json };

/** What one slice found. */
export interface SubjectFindings {
  readonly found: readonly SubjectFinding[];
  /** The `after` of the next slice. Absent: this was the last one. */
  readonly next?: string;
}
