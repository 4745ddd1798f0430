/** Tests unusual names over HTTP: every name in an answer is accepted in bodies, paths, lists and queries. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contextLink, defaultVocabulary, startTestBroker, testedStores, type TestBroker } from './scenario.ts';

interface Entity {
  readonly id: string;
  readonly type: string;
}

const water = 'https://water.example/';
const terms = {
  'N-TOT': `${water}N-TOT`,
  'PM2.5': `${water}PM2.5`,
  '1st': `${water}first`,
  'Water-Quality': `${water}Quality`,
};

describe.each(testedStores)('names (%s)', (store) => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--notify-allow-private']);
  });
  afterAll(() => broker.stop());

  const ask = async (line: string, body?: unknown, headers: Record<string, string> = {}) => {
    const [method = 'GET', path = ''] = line.split(' ');
    const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const answer = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
      method,
      headers: { ...json, ...headers },
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status >= 300 || answer.status === 207) throw new Error(`${line}: ${answer.status} ${text}`);
    return { body: text === '' ? undefined : (JSON.parse(text) as unknown), location: answer.headers.get('location') };
  };
  const idsOf = ({ body }: { body: unknown }): readonly string[] => (body as Entity[]).map(({ id }) => id).sort();
  const observedAt = '2026-01-01T00:00:00Z';

  /** Takes what is shown of one entity through every road. */
  const goRound = async (tenant: string, headers: Record<string, string>, given: Entity & { type: string }) => {
    const own = { ...headers, 'NGSILD-Tenant': tenant };
    await ask('POST /entities', given, { 'NGSILD-Tenant': tenant });
    const { body: shown } = await ask(`GET /entities/${given.id}`, undefined, own);
    const { id, type, ...attributes } = shown as Entity & Record<string, object>;
    const [name = ''] = Object.keys(attributes);
    const again = { ...attributes, id: 'urn:x:2', type };
    const both = [id, 'urn:x:2'];
    await ask('POST /entities', again, own);
    const { body: copied } = await ask('GET /entities/urn:x:2', undefined, own);
    expect(copied).toEqual(again);
    const [inUrl, typeInUrl] = [encodeURIComponent(name), encodeURIComponent(type)];
    const inQ = encodeURIComponent(name.includes('/') ? name.replaceAll('.', '%2E') : name);
    for (const query of [
      `attrs=${inUrl}`,
      `pick=id,${inUrl}`,
      `omit=${inUrl}`,
      `orderBy=${inQ};desc`,
      `q=${inQ}==2`,
      `q=${inQ}>1;${inQ}.observedAt>2025-01-01T00:00:00Z`,
    ])
      expect({ query, ids: idsOf(await ask(`GET /entities?type=${typeInUrl}&${query}`, undefined, own)) }).toEqual({
        query,
        ids: both,
      });
    await ask('POST /entityOperations/upsert', [{ ...again, id: 'urn:x:3' }], own);
    await ask(`PATCH /entities/urn:x:3/attrs/${inUrl}`, { type: 'Property', value: 3 }, own);
    expect(idsOf(await ask(`GET /entities?type=${typeInUrl}&q=${inQ}==3`, undefined, own))).toEqual(['urn:x:3']);
    const { body: history } = await ask(
      `GET /temporal/entities?type=${typeInUrl}&attrs=${inUrl}&timerel=after&timeAt=2025-01-01T00:00:00Z`,
      undefined,
      own,
    );
    expect((history as Record<string, unknown>[])[0]).toHaveProperty([name]);
    await ask(`DELETE /entities/urn:x:3/attrs/${inUrl}`, undefined, own);
    await ask(`GET /types/${typeInUrl}`, undefined, own);
    await ask(`GET /attributes/${inUrl}`, undefined, own);
    expect((await ask('GET /types', undefined, own)).body).toMatchObject({ typeList: [type] });
    expect(
      ((await ask('GET /attributes', undefined, own)).body as { attributeList: string[] }).attributeList,
    ).toContain(name);

    const { location } = await ask(
      'POST /subscriptions',
      {
        type: 'Subscription',
        entities: [{ type }],
        watchedAttributes: [name],
        q: `${decodeURIComponent(inQ)}>1|!${decodeURIComponent(inQ)}`,
        notification: { attributes: [name], endpoint: { uri: 'http://127.0.0.1:9/' } },
      },
      own,
    );
    for (const reader of [own, { 'NGSILD-Tenant': tenant }]) {
      const path = (location ?? '').replace('/ngsi-ld/v1', '');
      const subscription = (await ask(`GET ${path}`, undefined, reader)).body as Entity & object;
      const { id: _, ...copy } = { ...subscription, jsonldContext: undefined };
      await ask('POST /subscriptions', copy, reader);
    }
  };

  const value = (number: number): object => ({ type: 'Property', value: number, observedAt });

  test.each(['a-b', 'x.y', '_a', '1a', 'a/b', 'a.b/c.d', 'a#b', '__proto__', 'naïve-1', 'observedAt', 'type'])(
    '%s below the default vocabulary',
    async (end) => {
      const iri = defaultVocabulary + end;
      await goRound(`t${Buffer.from(end).toString('hex')}`, {}, {
        id: 'urn:x:1',
        type: `${defaultVocabulary}T-${end}`,
        [iri]: { ...value(2), [`${iri}-sub`]: { type: 'Property', value: 1 } },
      } as Entity);
    },
  );

  test.each(['observedAt', 'hasValue', 'scope', 'hasJSON'])(
    '%s, whose short name is a member of the standard',
    async (end) => {
      const iri = `https://uri.etsi.org/ngsi-ld/${end}`;
      const sub = { type: 'Property', value: 1 };
      await goRound(`m${end.toLowerCase()}`, {}, {
        id: 'urn:x:1',
        type: 'T',
        [iri]: { ...value(2), [iri]: sub, 'https://uri.etsi.org/ngsi-ld/hasVocab': sub },
      } as Entity);
    },
  );

  test.each(Object.keys(terms))('%s, which the @context defines', async (term) => {
    const tenant = `d${Buffer.from(term).toString('hex')}`;
    const { location } = await ask('POST /jsonldContexts', { '@context': terms }, { 'NGSILD-Tenant': tenant });
    const link = { Link: contextLink(new URL(location ?? '', broker.url).href) };
    const iri = terms[term as keyof typeof terms];
    await goRound(tenant, link, {
      id: 'urn:x:1',
      type: terms['Water-Quality'],
      [iri]: { ...value(2), [`${iri}-sub`]: { type: 'Property', value: 1 } },
    } as Entity);
    const { body } = await ask('GET /entities/urn:x:1', undefined, { ...link, 'NGSILD-Tenant': tenant });
    expect(Object.keys(body as object)).toEqual(['id', 'type', term]);
    expect(body).toMatchObject({ type: 'Water-Quality' });
  });
});
