/** Every option of the broker, in the order in which help and documentation list them. */
import { codePointOrder, isCollation, rootCollation } from '../../core/language/collation.ts';
import { mask } from '../../core/model/secret.ts';
import { bytesIn } from '../memory.ts';
import { isNetworkList } from '../proxies.ts';
import { choice, type Option, text, textThat, toggle, whole } from './option.ts';

const mebibyte = 2 ** 20;

/** True for a URL without query and fragment, to which paths can be added. */
const isWebUrl = (url: string): boolean => URL.canParse(url) && /^https?:\/\/[^?#\s]+$/.test(url);

export const options = {
  port: whole('Port of the HTTP server; 0 takes a free one.', 1026, { most: 65_535, form: 'PORT' }),
  threads: whole(
    'Threads that answer HTTP requests; 0: one for each core, at most 8 and at most one for each 128 MB of --memory-budget. The store memory has one (docs/performance.md).',
    0,
    { most: 64 },
  ),
  qlPort: whole(
    'Port at which the API of QuantumLeap is at /v2, for clients in which only host and port can be set; 0: none (docs/quantumleap-sth.md).',
    0,
    { most: 65_535, form: 'PORT' },
  ),
  sthPort: whole(
    'Port at which the API of STH-Comet is, with its /notify and /version, for such clients; 0: none (docs/quantumleap-sth.md).',
    0,
    { most: 65_535, form: 'PORT' },
  ),
  host: text(
    'Address to listen on. Other machines reach a broker only on an address that is not a loopback address, and --access is then required unless you set it.',
    '127.0.0.1',
    'ADDRESS',
  ),
  access: textThat(
    { isGood: (mode) => ['', 'open', 'required'].includes(mode), what: 'open or required' },
    text(
      'Who may use the broker. open: everybody who reaches it may do everything. required: a key or token is needed. Empty: open on loopback addresses, required on others (docs/security.md).',
      '',
      'open|required',
    ),
  ),
  issuers: text(
    'OpenID Connect issuers whose tokens are accepted where access is required: a YAML or JSON file, or the JSON array itself (docs/security.md); empty: none.',
    '',
    'FILE|JSON',
  ),
  trustedProxies: textThat(
    { isGood: isNetworkList, what: 'IP addresses and networks such as 10.0.0.0/8, separated by commas' },
    text(
      'Reverse proxies whose X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host count. With them, --access is required unless you set it. Empty: none (docs/operations.md).',
      '',
      'ADDRESS[/BITS][,...]',
    ),
  ),
  tlsCert: text(
    'Certificate of the server with those of its issuers (PEM), with which the broker speaks HTTPS only. A new file is in use within seconds. Empty: plain HTTP.',
    '',
    'FILE',
  ),
  tlsKey: text('Key of the certificate (PEM).', '', 'FILE'),
  hstsSeconds: whole(
    'How long browsers that reached the broker by TLS must use TLS for its host name, on all ports (Strict-Transport-Security); 0: nothing is said about it.',
    31_536_000,
    { form: 'SECONDS' },
  ),
  hostNames: text(
    'Names in the header Host under which requests are answered, besides localhost and the address listened on, so that no web page can reach the broker under its own name; * is any.',
    '',
    'NAME[,NAME...]',
  ),
  publicUrl: textThat(
    { isGood: (url) => url === '' || isWebUrl(url), what: 'an http or https URL' },
    text(
      'URL at which the public reaches the broker: the addresses of datasets in the catalogue begin with it, so that they stay the same, and context sources notify it. Empty: the address of each request (docs/open-data.md), and for sources that on which the broker listens (docs/federation.md).',
      '',
      'URL',
    ),
  ),
  alias: text('Name of this broker among others; it must be the only one of this name.', 'mlaka', 'NAME'),
  data: text('Folder for everything that is kept.', './data', 'FOLDER'),
  store: choice(
    'Where data are kept: in files of SQLite, on a MongoDB replica set, or in memory until the broker stops.',
    'sqlite',
    ['sqlite', 'mongo', 'memory'],
  ),
  mongoUrl: textThat(
    { isGood: (url) => !url.includes(`:${mask}@`), what: 'a URL with its password, which is not printed' },
    text(
      'The MongoDB replica set, and in it the database with which the names of all others begin. Set a URL with a password in the environment: other users of the machine can see arguments.',
      'mongodb://127.0.0.1:27017/mlaka',
      'URL',
    ),
  ),
  models: text(
    'How strictly data models are held to: off, warn or reject, for all types and for single ones.',
    'warn',
    'MODE[,TYPE=MODE...]',
  ),
  modelsFolder: text(
    'Folder of the data models, with an index.json; empty: those that come with the broker.',
    '',
    'FOLDER',
  ),
  defaultContext: text(
    'The @context of requests that name none, for all tenants and for single ones; empty: the core context alone (docs/contexts.md).',
    '',
    'URL[,TENANT=URL...]',
  ),
  contextPreload: text('JSON file of @contexts that are not to be fetched: an object of URL to file.', '', 'FILE'),
  contextAllowPrivate: toggle('Fetch @contexts from private and local addresses too.'),
  contextTimeoutMs: whole('Longest time in which a remote @context must have arrived.', 5000, {
    least: 100,
    most: 60_000,
    form: 'MS',
  }),
  memoryBudget: textThat(
    { isGood: (size) => size === 'auto' || bytesIn(size) !== undefined, what: 'auto or a size such as 256MB' },
    text(
      'Memory that bodies of requests, answers and streams that clients have not taken yet, and caches hold together; auto: a quarter of what the machine or the control group has, from 64 MiB to 1 GiB (docs/operations.md).',
      'auto',
      'SIZE',
    ),
  ),
  bodyBytesMax: whole('Largest body of a request.', 64 * mebibyte, { least: 1024, form: 'BYTES' }),
  depthMax: whole('Deepest nesting of JSON that is read.', 64, { least: 8, most: 512 }),
  membersMax: whole('Most members of JSON objects in one body, or in one element of a batch.', 50_000, { least: 1000 }),
  namesMax: whole('Most names, ids and selectors in the lists of one query or subscription.', 10_000, { least: 100 }),
  attributesMax: whole(
    'Most attributes of an entity, where each instance of a datasetId and each sub-attribute counts.',
    10_000,
    { least: 100 },
  ),
  pageDefault: whole('Entities on a page when limit is not given.', 20, { least: 1 }),
  pageMax: whole('Most entities on a page.', 1000, { least: 1 }),
  tenantCreation: choice('Which tenants a first write makes; listed are those of --tenants.', 'any', [
    'any',
    'listed',
    'none',
  ]),
  tenants: text('Tenants that a first write may make with --tenant-creation listed, separated by commas.', '', 'NAMES'),
  tenantsMax: whole('Most tenants that are made.', 10_000, { least: 1 }),
  batchMax: whole('Most elements of a batch.', 10_000, { least: 1 }),
  instancesMax: whole('Most attribute instances that a temporal answer is made of.', 100_000, { least: 1 }),
  instancesPage: whole('Attribute instances that a temporal answer shows before it is cut (206).', 10_000, {
    least: 1,
  }),
  snapshotsMax: whole('Most snapshots of each tenant; a new one takes the place of one with a lower priority.', 20),
  snapshotEntitiesMax: whole('Most entities in one snapshot.', 1_000_000, { least: 1 }),
  snapshotHoursMax: whole('Longest time that a snapshot lives.', 720, { least: 1, most: 100_000, form: 'HOURS' }),
  entityMapsMax: whole('Most entity maps of each tenant; a new one takes the place of the one that ends first.', 200, {
    least: 1,
    most: 10_000,
  }),
  collation: textThat(
    { isGood: (tag) => tag === codePointOrder || isCollation(tag), what: 'codepoint or a language tag such as sl' },
    text(
      'How orderBy orders texts where a query names no collation: by a language tag such as sl, of no language (und-x-icu), or by code points.',
      rootCollation,
      'TAG|codepoint',
    ),
  ),
  renderCacheBytes: whole('Memory for texts of entities that may be asked for again.', 64 * mebibyte, {
    form: 'BYTES',
  }),
  streamConnectionsMax: whole('Most WebSocket connections at a time.', 10_000),
  streamSubscriptionsMax: whole('Most subscriptions on one WebSocket connection.', 100, { least: 1 }),
  streamBufferBytes: whole('Most bytes that wait for one slow WebSocket consumer.', 4 * mebibyte, {
    least: 65_536,
    form: 'BYTES',
  }),
  streamFrameBytes: whole('Largest frame that a WebSocket client may send.', mebibyte, { least: 1024, form: 'BYTES' }),
  streamPingMs: whole('Time between heartbeats on a WebSocket.', 30_000, { least: 100, form: 'MS' }),
  streamTicketMs: whole('Time in which a ticket to the WebSocket stream must be used.', 30_000, {
    least: 1000,
    most: 600_000,
    form: 'MS',
  }),
  streamDeflate: toggle('Compress WebSocket frames for clients that offer it (permessage-deflate).'),
  ngsiProxy: toggle(
    'Answer /eventsource and /callbacks as ngsi-proxy does, so that ngsijs and WireCloud get notifications by Server-Sent Events.',
  ),
  notifyAllowPrivate: toggle('Send notifications to private and local addresses, and ask context sources there.'),
  sourceTimeoutMs: whole(
    'Longest time in which a context source must have answered, unless its registration says otherwise.',
    5000,
    { least: 10, most: 60_000, form: 'MS' },
  ),
  notifyConcurrency: whole('Most notifications under way at a time.', 256, { least: 2 }),
  notifyTimeoutMs: whole(
    'Longest time in which a receiver of notifications must have answered, unless its subscription says otherwise.',
    10_000,
    { least: 10, form: 'MS' },
  ),
  notifyAttempts: whole(
    'Attempts at a notification at which its receiver fails, before it is given up. One that cannot be reached at all is waited for.',
    8,
    { least: 1 },
  ),
  deadLettersMax: whole(
    'Notifications given up that are kept of each subscription as dead letters; the oldest go first. 0: none.',
    1000,
    { most: 100_000 },
  ),
  mqttIngest: text(
    'YAML or JSON files, separated by commas, each of which says what of an MQTT broker becomes entities (docs/mqtt.md); empty: none.',
    '',
    'FILE[,FILE...]',
  ),
  watchSeriesMax: whole(
    'Most series (an attribute of an entity) that are watched for faults in each tenant (docs/watch.md). Each takes about 4 KB of memory.',
    20_000,
    { least: 1 },
  ),
  mailUrl: textThat(
    {
      isGood: (url) => url === '' || (/^smtps?:\/\/[^/\s]+/.test(url) && !url.includes(`:${mask}@`)),
      what: 'a URL such as smtps://user:password@mail.example:465, with its password, which is not printed',
    },
    text(
      'The SMTP server that mails the daily summary of the watch (docs/watch.md); empty: no mail. Set a URL with a password in the environment.',
      '',
      'URL',
    ),
  ),
  mailFrom: text('Sender of mails.', 'mlaka@localhost', 'ADDRESS'),
  mailTo: text('Receivers of the daily summary of the watch; empty: no mail.', '', 'ADDRESS[,ADDRESS...]'),
  logKeepHours: whole('Age up to which changes can be resumed from.', 72, { least: 1, form: 'HOURS' }),
  logKeepRecords: whole('Number of changes that can be resumed from, of each tenant.', 250_000, { least: 1 }),
  logKeepBytes: whole('Bytes of changes that can be resumed from, of each tenant.', 1024 * mebibyte, {
    least: mebibyte,
    form: 'BYTES',
  }),
  historyKeepDays: whole('Days for which raw history is kept; 0: for ever.', 0, { most: 100_000, form: 'DAYS' }),
  historyKeep: text(
    'Days for which raw history of single types and attributes is kept, instead; 0: for ever. A TYPE or ATTR is an IRI, or a short name of the core @context.',
    '',
    'TYPE=DAYS[,TYPE.ATTR=DAYS...]',
  ),
  historyRollups: text(
    'Days for which hourly and daily rollups of numbers stay when the raw history they are of is gone; 0: for ever. Empty: they go with it.',
    '',
    'DAYS[,TYPE=DAYS,TYPE.ATTR=DAYS...]',
  ),
  historyDryRun: toggle('Only log what of history would be removed.'),
  backups: text(
    'Folder with backups, which are searched when the data of one person are looked for or erased (docs/privacy.md); empty: none.',
    '',
    'FOLDER',
  ),
  audit: choice(
    'Which requests the audit records where access is required: all, those that change something or are refused, or only those that touch personal data (docs/access.md).',
    'all',
    ['all', 'changes', 'personal'],
  ),
  auditKeepDays: whole('Days for which the audit is kept.', 365, { least: 1, most: 100_000, form: 'DAYS' }),
  auditReadsMax: whole(
    'Most requests in the audit that only read, and read no personal data; the oldest go first.',
    1_000_000,
  ),
  personalTypes: text(
    'Types of entities that are about persons: the audit records each entity of them that is read. A TYPE is an IRI, or a short name of the core @context.',
    '',
    'TYPE[,TYPE...]',
  ),
  quotaRequests: whole(
    'Requests a minute of one holder of credentials, or of one address without credentials; 0: no limit. Quotas apply where access is required, or the broker is reached from other machines (docs/access.md).',
    600_000,
  ),
  quotaWrites: whole('Entities and other resources that one of these may write in a minute; 0: no limit.', 1_200_000),
  quotaBytes: whole(
    'Bytes a minute that are received from one of these and sent to it; 0: no limit.',
    8192 * mebibyte,
    {
      form: 'BYTES',
    },
  ),
  quotaConcurrency: whole('Requests of one of these at a time; 0: no limit.', 1000),
  quotaStreams: whole('Streams (WebSocket, Server-Sent Events) of one of these at a time; 0: no limit.', 1000),
  quotaSubscriptions: whole('Stored subscriptions of one owner in one tenant; 0: no limit.', 10_000),
  tolerant: toggle(
    'Take from clients made for other brokers what the standard or its test suite refuses (docs/compatibility.md).',
  ),
  corsOrigin: text('Origin of web pages that may use the API from elsewhere, or *; empty: none.', '', 'ORIGIN'),
  logLevel: choice('What is written to the log on standard error.', 'info', [
    'silent',
    'error',
    'warn',
    'info',
    'debug',
  ]),
} as const satisfies Record<string, Option<unknown>>;

type OptionName = keyof typeof options;

/** The values of all options. */
export type Config = {
  readonly [Name in OptionName]: (typeof options)[Name] extends Option<infer Value> ? Value : never;
};

/** True when every option has a value. The options themselves have validated the values. */
export const isConfig = (values: object): values is Config => Object.keys(options).every((name) => name in values);

/** The flag of an option: `contextPreload` becomes `context-preload`. */
export const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The environment variable of an option: `contextPreload` becomes `MLAKA_CONTEXT_PRELOAD`. */
export const variableOf = (name: string): string => `MLAKA_${flagOf(name).replaceAll('-', '_').toUpperCase()}`;
