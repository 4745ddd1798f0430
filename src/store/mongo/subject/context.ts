/** What all slices work with that look for a subject in a tenant's database. */
import type { Named } from '../../../core/model/subject/named.ts';
import type { Collections } from '../schema.ts';
import type { Writer } from '../writer/writer.ts';

export interface SubjectContext {
  readonly collections: Collections;
  readonly writer: Writer;
  readonly isNamed: Named;
  /** Matches texts that may name the subject. */
  readonly mayName: RegExp;
}
