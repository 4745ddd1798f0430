/** Describes the data of the simulated city: its catalogue, its publisher, and a dataset for each kind of data. */
import type { JsonObject } from '../../core/model/json.ts';
import { idOf, property, relationship, text } from './entity.ts';

const municipality = idOf('Agent', 'municipality');
const catalogueId = idOf('Catalogue', 'open-data');

interface Described {
  readonly slug: string;
  readonly types: readonly string[];
  readonly title: readonly [sl: string, en: string];
  readonly description: readonly [sl: string, en: string];
  readonly theme: string;
  readonly frequency: string;
  readonly keywords: readonly string[];
  /** True for data about persons, which are not public. */
  readonly isPersonal?: boolean;
}

const described: readonly Described[] = [
  {
    slug: 'parking',
    types: ['OffStreetParking', 'OnStreetParking', 'ParkingGroup', 'ParkingSpot'],
    title: ['Parkirišča', 'Parking'],
    description: [
      'Zasedenost parkirišč, ulic in posameznih mest.',
      'Occupancy of car parks, streets and single spaces.',
    ],
    theme: 'TRAN',
    frequency: '1MIN',
    keywords: ['parkiranje', 'promet'],
  },
  {
    slug: 'street-lighting',
    types: ['Streetlight', 'StreetlightControlCabinet', 'StreetlightGroup', 'StreetlightModel'],
    title: ['Javna razsvetljava', 'Street lighting'],
    description: ['Stanje in poraba svetilk in prižigališč.', 'State and consumption of lights and cabinets.'],
    theme: 'ENER',
    frequency: 'HOURLY',
    keywords: ['razsvetljava', 'energija'],
  },
  {
    slug: 'air-quality',
    types: ['AirQualityObserved'],
    title: ['Kakovost zraka', 'Air quality'],
    description: ['Delci in plini na merilnih mestih.', 'Particles and gases at stations.'],
    theme: 'ENVI',
    frequency: '1MIN',
    keywords: ['zrak', 'PM10'],
  },
  {
    slug: 'noise',
    types: ['NoiseLevelObserved'],
    title: ['Hrup', 'Noise'],
    description: ['Raven hrupa na merilnih mestih.', 'Noise levels at stations.'],
    theme: 'ENVI',
    frequency: '1MIN',
    keywords: ['hrup'],
  },
  {
    slug: 'weather',
    types: ['WeatherObserved'],
    title: ['Vreme', 'Weather'],
    description: ['Meritve vremenskih postaj.', 'Observations of weather stations.'],
    theme: 'ENVI',
    frequency: '1MIN',
    keywords: ['vreme', 'temperatura'],
  },
  {
    slug: 'meters',
    types: ['SmartMeteringObservation', 'WaterConsumptionObserved'],
    title: ['Števci gospodinjstev', 'Meters of households'],
    description: ['Poraba elektrike, plina, toplote in vode.', 'Consumption of electricity, gas, heat and water.'],
    theme: 'ENER',
    frequency: '15MIN',
    keywords: ['poraba'],
    isPersonal: true,
  },
];

/** Entities in the normalized representation, by the terms of the catalogue's @context. They always are the same. */
export const datasetEntities: readonly JsonObject[] = [
  {
    id: municipality,
    type: 'Agent',
    name: text('Mestna občina Kranj (simulacija)', 'City Municipality of Kranj (simulation)'),
    Type: property('http://purl.org/adms/publishertype/LocalAuthority'),
  },
  {
    id: catalogueId,
    type: 'Catalogue',
    title: text('Odprti podatki simuliranega Kranja', 'Open data of the simulated Kranj'),
    description: text('Zbirke podatkov, ki jih piše simulacija.', 'Datasets that the simulation writes.'),
    publisher: property(municipality),
    language: property(['sl', 'en']),
    license: property('https://creativecommons.org/publicdomain/zero/1.0/'),
  },
  ...described.map(entityOf),
];

function entityOf({
  slug,
  types,
  title,
  description,
  theme,
  frequency,
  keywords,
  isPersonal = false,
}: Described): JsonObject {
  return {
    id: idOf('Dataset', slug),
    type: 'Dataset',
    title: text(...title),
    description: text(...description),
    slug: property(slug),
    entityTypes: property(types),
    publisher: property(municipality),
    owner: property(municipality),
    contactPoint: property('podatki@example.org'),
    license: property('https://creativecommons.org/licenses/by/4.0/'),
    accessRights: property(isPersonal ? 'NON_PUBLIC' : 'PUBLIC'),
    personalData: property(isPersonal ? 'personal' : 'none'),
    purpose: property(isPersonal ? 'Obračun porabe' : 'Obveščanje javnosti'),
    retentionPeriod: property(isPersonal ? 'P1Y' : 'P5Y'),
    theme: property([theme]),
    keyword: property(keywords),
    accrualPeriodicity: property(frequency),
    belongsToCatalogue: relationship(catalogueId),
  };
}
