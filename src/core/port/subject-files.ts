/** The files of the broker and its backups, in which the text of an id may be. */
import type { Instant } from '../model/instant.ts';

/** A file in the folder of backups. */
export interface BackupFile {
  readonly path: string;
  /** When it was last changed. */
  readonly takenAt: Instant;
  /** True: the text is in it. False: it is not, unless the file is compressed or encrypted. */
  readonly contains: boolean;
}

/** Searches files for the text of an id. Files that cannot be read count as without it. */
export interface SubjectFiles {
  /** The files in the folder of backups. */
  backups(id: string): Promise<readonly BackupFile[]>;
  /** The paths of the files in the data folder in which the text still is. */
  remaining(id: string): Promise<readonly string[]>;
}
