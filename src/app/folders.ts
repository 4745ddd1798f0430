/** The folders of the package and of the data models. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config/options.ts';

/** The folder of the package. The path is valid from src/app and from dist/app. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The folder of the data models of the package. */
export const packagedModels = join(root, 'smart-data-models');

export const modelsFolderOf = ({ modelsFolder }: Config): string =>
  modelsFolder === '' ? packagedModels : modelsFolder;
