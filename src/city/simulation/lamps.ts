/** Defines the lamp models of the simulated Kranj. They form an inventory for energy savings. */
import { type Chance, pick } from './chance.ts';
import { idOf, property, type SimulatedEntity, text } from './entity.ts';
import { type Area, areas } from './places.ts';

export interface LampModel {
  readonly key: string;
  readonly name: string;
  readonly sl: string;
  readonly en: string;
  readonly category: readonly string[];
  readonly technology: 'LED' | 'HPS';
  readonly watts: number;
  readonly lumens: number;
  readonly kelvins: number;
  readonly columnMadeOf: 'steel' | 'aluminium';
  readonly heightM: number;
}

const led = { technology: 'LED', columnMadeOf: 'steel' } as const;

const oldTown: LampModel = {
  ...led,
  key: 'stari-kranj-led-39',
  name: 'Stari Kranj LED 39 W',
  sl: 'Okrasna svetilka za staro mestno jedro.',
  en: 'Ornamental lantern for the old town.',
  category: ['ornamentalLantern', 'postTop'],
  watts: 39,
  lumens: 4700,
  kelvins: 2700,
  heightM: 5,
};

const street: LampModel = {
  ...led,
  key: 'cestna-led-62',
  name: 'Cestna LED 62 W',
  sl: 'Cestna svetilka za zbirne ceste.',
  en: 'Road lantern for collector roads.',
  category: ['lamppost', 'sideEntry'],
  watts: 62,
  lumens: 8300,
  kelvins: 3000,
  heightM: 8,
};

const quiet: LampModel = {
  ...led,
  key: 'naselje-led-28',
  name: 'Naselje LED 28 W',
  sl: 'Svetilka za stanovanjske ulice.',
  en: 'Lantern for residential streets.',
  category: ['lamppost', 'postTop'],
  columnMadeOf: 'aluminium',
  watts: 28,
  lumens: 3400,
  kelvins: 3000,
  heightM: 6,
};

const path: LampModel = {
  ...led,
  key: 'pot-led-18',
  name: 'Pot LED 18 W',
  sl: 'Nizka svetilka za pešpoti.',
  en: 'Low lantern for footpaths.',
  category: ['bollard'],
  columnMadeOf: 'aluminium',
  watts: 18,
  lumens: 1900,
  kelvins: 2700,
  heightM: 1.2,
};

const sodium: LampModel = {
  key: 'natrij-98',
  name: 'Natrijeva 98 W',
  sl: 'Stara natrijeva svetilka, predvidena za zamenjavo.',
  en: 'Old sodium lantern, due to be replaced.',
  category: ['lamppost'],
  technology: 'HPS',
  columnMadeOf: 'steel',
  watts: 98,
  lumens: 8800,
  kelvins: 2000,
  heightM: 8,
};

export const lampModels: readonly LampModel[] = [oldTown, street, quiet, path, sodium];

/** The lamp model of a street. */
export function lampModelFor(area: Area, chance: Chance, about: string): LampModel {
  if (area === areas.oldTown) return oldTown;
  return pick(chance, `${about}/model`, area === areas.mlaka ? [quiet, quiet, path] : [street, quiet, street, sodium]);
}

export const lampModelId = ({ key }: LampModel): string => idOf('StreetlightModel', key);

/** A lamp model as an entity. It has no measurements, so it never reports. */
export const lampModelEntity = (model: LampModel): SimulatedEntity => ({
  id: lampModelId(model),
  type: 'StreetlightModel',
  family: 'streetlighting',
  fixed: {
    name: property(model.name),
    description: text(model.sl, model.en),
    category: property(model.category),
    lampTechnology: property(model.technology),
    powerConsumption: property(model.watts, 'WTT'),
    luminousFlux: property(model.lumens, 'LUM'),
    colorTemperature: property(model.kelvins, 'KEL'),
    columnMadeOf: property(model.columnMadeOf),
    compliantWith: property(['EN 60598-2-3']),
  },
  readings: () => ({}),
  isSilent: () => true,
  everyS: 24 * 3600,
  historyEveryS: 24 * 3600,
});
