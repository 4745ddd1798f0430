/** Reads the names of the data models that the options choose. */
import { type ModelNames, readModelNames } from '../city/definition/names.ts';
import type { Services } from '../core/operation/operation.ts';
import type { Config } from './config/options.ts';
import { modelsFolderOf, packagedModels } from './folders.ts';

/** Reads all models from disk: call it once. */
export const modelNamesOf = (config: Config, { contexts }: Pick<Services, 'contexts'>): ModelNames =>
  readModelNames({ used: modelsFolderOf(config), packaged: packagedModels }, contexts.core);
