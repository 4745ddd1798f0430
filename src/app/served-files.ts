/** Collects all files of the package that the server serves beside the API. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelPages } from '../city/models/model-page.ts';
import type { PageOptions } from '../edge/http/pages.ts';
import { readBuiltConsole } from './built-console.ts';
import { openApiAsJson, readConsole, readServedContexts } from './console.ts';
import { readDocs } from './docs/docs.ts';

/**
 * `root` is the folder of the package, `modelsFolder` that of the data models. Throws an Error when a file cannot be read. Documents are
 * read on demand.
 */
export const readServedFiles = (root: string, modelsFolder: string): Omit<PageOptions, 'probes'> => ({
  console: new Map([...readConsole(root), ...readBuiltConsole(root), ...readServedContexts(modelsFolder)]),
  docs: readDocs(root, modelPages(modelsFolder)),
  openApiJson: {
    openapi: () => openApiAsJson(root, 'openapi.yaml'),
    'openapi-v2': () => openApiAsJson(root, 'openapi-v2.yaml'),
  },
  openapi: readFileSync(join(root, 'openapi.yaml')),
  openapiV2: readFileSync(join(root, 'openapi-v2.yaml')),
  asyncapi: readFileSync(join(root, 'asyncapi.yaml')),
});
