/** The entities that describe the data of a town in tests, and the requests that write them. */
import type { JsonObject } from '../../../src/core/model/json.ts';

const context = 'https://smart-data-models.mlaka.si/catalogue/context.jsonld';

const words = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name, { type: 'Property', value }]));

const inLanguages = (sl: string, en: string): JsonObject => ({ type: 'LanguageProperty', languageMap: { sl, en } });

export const agent: JsonObject = {
  id: 'urn:ngsi-ld:Agent:town',
  type: 'Agent',
  name: inLanguages('Mestna občina', 'Municipality'),
  ...words({ Type: 'http://purl.org/adms/publishertype/LocalAuthority', homepage: 'https://town.example/' }),
};

export const catalogue: JsonObject = {
  id: 'urn:ngsi-ld:Catalogue:town',
  type: 'Catalogue',
  title: inLanguages('Odprti podatki', 'Open data'),
  description: inLanguages('Zbirke podatkov mesta.', 'Datasets of the town.'),
  ...words({
    publisher: agent['id'] ?? '',
    language: ['sl', 'en'],
    license: 'https://creativecommons.org/licenses/by/4.0/',
    issued: '2026-01-15',
    homepage: 'https://town.example/',
  }),
};

export const airDataset: JsonObject = {
  id: 'urn:ngsi-ld:Dataset:town:air',
  type: 'Dataset',
  title: inLanguages('Kakovost zraka <PM & NO₂>', 'Air quality "hourly"'),
  description: inLanguages('Urne vrednosti.\nDve vrstici.', 'Hourly values.'),
  keyword: { type: 'LanguageProperty', languageMap: { sl: ['zrak', 'delci'], en: ['air'] } },
  spatial: {
    type: 'GeoProperty',
    value: {
      type: 'Polygon',
      coordinates: [
        [
          [14.2, 46.1],
          [14.5, 46.1],
          [14.5, 46.4],
          [14.2, 46.1],
        ],
      ],
    },
  },
  ...words({
    slug: 'air-quality',
    entityTypes: ['AirQualityObserved'],
    publisher: agent['id'] ?? '',
    contactPoint: 'data@town.example',
    license: 'https://creativecommons.org/licenses/by/4.0/',
    accessRights: 'PUBLIC',
    personalData: 'none',
    theme: ['ENVI'],
    accrualPeriodicity: 'HOURLY',
    temporalResolution: 'PT1H',
    spatialResolutionInMeters: 0.0000005,
    issued: '2026-01-15',
    modified: '2026-02-01T08:00:00Z',
    temporal: ['2024-01-01', '2026-01-01'],
    language: ['sl'],
    page: 'https://town.example/air?a=1&b=2',
    version: '1.0',
    provenance: 'Postaja ob reki',
  }),
};

/** A high-value dataset, as the data officer declares it. */
export const weatherDataset: JsonObject = {
  ...airDataset,
  id: 'urn:ngsi-ld:Dataset:town:weather',
  title: inLanguages('Vreme', 'Weather'),
  ...words({
    slug: 'weather',
    entityTypes: ['WeatherObserved'],
    isHighValue: true,
    hvdCategory: 'http://data.europa.eu/bna/c_3af3368c',
  }),
};

/** A dataset with another change for each test. */
export const datasetLike = (id: string, members: JsonObject): JsonObject => ({
  ...airDataset,
  id: `urn:ngsi-ld:Dataset:${id}`,
  ...words({ slug: id.toLowerCase().replaceAll(/[^a-z0-9]/g, '-'), ...members }),
});

/** Writes entities with the @context of the catalogue. Throws an Error when the broker refuses one. */
export async function writeEntities(
  url: string,
  entities: readonly JsonObject[],
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const response = await fetch(`${url}/ngsi-ld/v1/entityOperations/upsert`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/ld+json', ...headers },
    body: JSON.stringify(entities.map((entity) => ({ '@context': context, ...entity }))),
  });
  if (!response.ok || response.status === 207) throw new Error(await response.text());
}
