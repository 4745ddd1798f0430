/** What finding and erasing the data of a person needs beside the stores. */
import { aggregatePseudonyms } from '../city/aggregate/pseudonyms.ts';
import type { Services } from '../core/operation/operation.ts';
import type { Config } from './config/options.ts';
import { createSubjectFiles } from './subject-files.ts';

export const subjectServices = (
  config: Pick<Config, 'data' | 'backups' | 'store'>,
): Pick<Services, 'subjectFiles' | 'subjectPseudonyms'> => ({
  subjectFiles: createSubjectFiles(config),
  subjectPseudonyms: aggregatePseudonyms,
});
