/** Opens the catalogue of open data, and the reports of citizens. */
import { join } from 'node:path';
import { readDataTypes } from '../city/catalogue/data-types.ts';
import { createCkanOperations } from '../city/catalogue/ckan/ckan-operations.ts';
import { createDcatOperations } from '../city/catalogue/dcat-operations.ts';
import { createFactOperations } from '../city/catalogue/facts/fact-operations.ts';
import { createFileOperations } from '../city/catalogue/file/file-operations.ts';
import { createPreviewOperations } from '../city/catalogue/preview/preview-operation.ts';
import type { ModelNames } from '../city/definition/names.ts';
import { createGeoReportOperations } from '../city/georeport/georeport-operations.ts';
import { readCatalogueTerms } from '../city/catalogue/terms.ts';
import { createTileOperations } from '../city/tile/tile-operations.ts';
import type { Operation, Services } from '../core/operation/operation.ts';
import type { Config } from './config/options.ts';
import { modelsFolderOf, root } from './folders.ts';

/** The operations outside the NGSI-LD API that publish data or take reports. */
export function openDataOperations(
  config: Config,
  { contexts, names }: Pick<Services, 'contexts'> & { readonly names: ModelNames },
): readonly Operation[] {
  const options = {
    irisOf: readCatalogueTerms(join(root, 'smart-data-models'), contexts.core),
    types: readDataTypes(modelsFolderOf(config), contexts.core),
    publicUrl: config.publicUrl,
  };
  return [
    ...createDcatOperations(options),
    ...createFileOperations(options),
    ...createCkanOperations(options),
    ...createFactOperations(options),
    ...createPreviewOperations(options),
    ...createTileOperations(),
    ...createGeoReportOperations({ names, publicUrl: config.publicUrl }),
  ];
}
