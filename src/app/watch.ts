/** Starts the watch of measurements with the data models. */
import { createNumericAttributes } from '../city/models/model-bounds.ts';
import { startWatch, type Watch } from '../city/watch/watch.ts';
import type { Services } from '../core/operation/operation.ts';
import type { Config } from './config/options.ts';
import { modelsFolderOf } from './folders.ts';

export const openWatch = (config: Config, services: Services): Watch =>
  startWatch({
    ...services,
    models: createNumericAttributes(modelsFolderOf(config)),
    seriesMax: config.watchSeriesMax,
  });
