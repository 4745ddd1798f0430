/** Defines the type of a hostile input, and helpers to write one. */

export interface HostileRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: string;
  /** Of the body; absent: JSON. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HostileInput {
  readonly what: string;
  /** The largest that is taken; a quarter of it is measured too, and what is answered to four times as much. */
  readonly size: number;
  /** True where four times as much cannot even be sent or prepared. */
  readonly isLargest?: boolean;
  /** What must be there before. */
  readonly prepare?: (size: number) => readonly HostileRequest[];
  readonly request: (size: number) => HostileRequest;
  /** Time in which others are watched after the answer, where work goes on behind it. */
  readonly settlesMs?: number;
}

const api = '/ngsi-ld/v1';
export const id = 'urn:hostile:1';

/** So many texts, told by their number, with something between them. */
export const each = (size: number, text: (n: number) => string, between = ','): string =>
  Array.from({ length: size }, (_, n) => text(n)).join(between);

export const get = (path: string, headers?: Readonly<Record<string, string>>): HostileRequest => ({
  method: 'GET',
  path: `${api}${path}`,
  ...(headers ? { headers } : undefined),
});

export const post = (path: string, body: string, type?: string): HostileRequest => ({
  method: 'POST',
  path: `${api}${path}`,
  body,
  ...(type === undefined ? undefined : { type }),
});

export const patch = (path: string, body: string): HostileRequest => ({ method: 'PATCH', path: `${api}${path}`, body });

export const put = (path: string, body: string): HostileRequest => ({ method: 'PUT', path: `${api}${path}`, body });

export const entity = (members: string): HostileRequest => post('/entities', `{"id":"${id}","type":"X",${members}}`);

export const datasets = (size: number, value = 1): string =>
  `[${each(size, (n) => `{"value":${value},"datasetId":"urn:d:${n}"}`)}]`;

export const attributes = (size: number, value = 1): string => each(size, (n) => `"k${n}":${value}`);

export const query = (members: string): HostileRequest =>
  post('/entityOperations/query', `{"type":"Query",${members}}`);

/** A query of all entities of the type X. */
export const found = (members: string): HostileRequest => query(`"entities":[{"type":"X"}],${members}`);

/** So many entities of the type X, in batches. */
export const many = (size: number, members: (n: number) => string): readonly HostileRequest[] =>
  Array.from({ length: Math.ceil(size / 1000) }, (_, batch) =>
    post(
      '/entityOperations/create',
      `[${each(Math.min(1000, size - batch * 1000), (n) => `{"id":"urn:e:${batch * 1000 + n}","type":"X",${members(n)}}`)}]`,
    ),
  );

export const subscription = (members: string, notification = ''): HostileRequest =>
  post(
    '/subscriptions',
    `{"type":"Subscription",${members},"notification":{${notification}"endpoint":{"uri":"http://127.0.0.1:9/none"}}}`,
  );
