/** Provides street lights for the benches, and writes them to a broker. */
import type { Child } from './child.ts';

export const api = '/ngsi-ld/v1';

/** A typical street light of about one kilobyte. */
export const light = (number: number): object => ({
  id: `urn:ngsi-ld:Streetlight:bench:${number}`,
  type: 'Streetlight',
  powerState: { type: 'Property', value: number % 2 === 0 ? 'on' : 'off', observedAt: '2026-03-01T18:00:00Z' },
  illuminanceLevel: {
    type: 'Property',
    value: (number % 100) / 100,
    unitCode: 'C62',
    observedAt: '2026-03-01T18:00:00Z',
  },
  powerConsumption: { type: 'Property', value: number % 1000, unitCode: 'WTT', observedAt: '2026-03-01T18:00:00Z' },
  location: {
    type: 'GeoProperty',
    value: { type: 'Point', coordinates: [14.3 + (number % 1000) / 10_000, 46.2 + (number % 997) / 10_000] },
  },
  address: {
    type: 'Property',
    value: {
      streetAddress: `Mlaška cesta ${number}`,
      postalCode: '4000',
      addressLocality: 'Mlaka pri Kranju',
      addressCountry: 'SI',
    },
  },
  refStreetlightGroup: { type: 'Relationship', object: `urn:ngsi-ld:StreetlightGroup:bench:${number % 50}` },
  description: {
    type: 'Property',
    value: 'A light on a pole beside the road, as there are thousands in a city. '.repeat(4),
  },
});

/** One request, its answer read whole. */
export async function send(url: string, method: string, body?: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(url, {
    method,
    ...(body === undefined ? undefined : { body, headers: { 'Content-Type': 'application/json' } }),
  });
  return { status: answer.status, text: await answer.text() };
}

/** Upserts the lights from one number up to another, 5,000 at a time, and shows how far it is. */
export async function fill(broker: Child, from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += 5000) {
    const batch = Array.from({ length: Math.min(5000, to - start) }, (_, index) => light(start + index));
    const { status, text } = await send(`${broker.url}${api}/entityOperations/upsert`, 'POST', JSON.stringify(batch));
    if (status >= 300) throw new Error(text.slice(0, 500));
    process.stderr.write(`\rfilled ${start + batch.length} of ${to}`);
  }
  process.stderr.write('\n');
}
