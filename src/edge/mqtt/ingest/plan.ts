/** Reads the ingest configuration: the MQTT broker, and the mapping of topics to entities (docs/mqtt.md). */
import { coreContextUrl } from '../../../core/jsonld/known/core-context.ts';
import type { Identity } from '../../../core/access/identity.ts';
import { createSpec, type Spec } from '../../../core/mapping/spec.ts';
import type { Json } from '../../../core/model/json.ts';
import { type PublishOptions, readServer, type MqttServer, versions } from '../target.ts';
import { createEntityReader, createMappedReader, type ElementReader } from './read-element.ts';
import { readTopicPattern, type TopicPattern } from './topic-pattern.ts';

/** Formats of payloads. */
const forms = ['json', 'text', 'ngsi-ld'] as const;

/** Write modes for an existing entity: attributes in the message are replaced, or merged (clauses 5.6.8 and 5.6.20). */
const writes = ['upsert', 'merge'] as const;

export interface TopicPlan extends ElementReader {
  readonly pattern: TopicPattern;
  readonly qos: PublishOptions['qos'];
  readonly form: (typeof forms)[number];
  /** The column with the list whose elements are the rows; absent: the payload is a row, or a list of rows. */
  readonly each: string | undefined;
  readonly write: (typeof writes)[number];
  /** With whose rights its messages are written. Absent: the file does not say it. Equal ones are the same object. */
  readonly writer: Identity | undefined;
}

export interface IngestPlan {
  readonly version: PublishOptions['version'];
  readonly server: MqttServer;
  readonly clientId: string;
  /** Time in seconds for which the MQTT broker keeps messages while Mlaka is disconnected; 0: not at all. */
  readonly keptSeconds: number;
  /** Maximum number of messages in progress. */
  readonly underWayMax: number;
  /** Maximum payload in bytes; larger ones are rejected. */
  readonly payloadBytesMax: number;
  readonly tenant: string;
  /** URLs of the @contexts in use. */
  readonly contexts: readonly string[];
  /** The dead-letter topic. */
  readonly deadLetters: string | undefined;
  readonly topics: readonly TopicPlan[];
}

export interface PlanOptions {
  /** Environment variables, which hold user and password. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The default client id, used when the document has none. */
  readonly clientId: string;
  /** Returns the URL of a tenant's default @context, for topics and elements that name none. Undefined: the core @context. */
  readonly defaultContextOf?: (tenant: string) => string | undefined;
}

const weekSeconds = 604_800;

/** Throws an Error that names the missing, wrong or unknown member. */
export function readIngestPlan(document: Json, options: PlanOptions): IngestPlan {
  const spec = createSpec(document, '');
  const tenant = spec.text('tenant') ?? '';
  const context = spec.text('context') ?? options.defaultContextOf?.(tenant) ?? coreContextUrl;
  const qos = readQos(spec, 1);
  const clientId = spec.text('clientId') ?? options.clientId;
  const writerOf = createWriters(clientId, spec.text('rightsOf'));
  const topics = spec.list('topics').map((one) => readTopic(one, { context, qos, writerOf }));
  const plan: IngestPlan = {
    version: readVersion(spec),
    server: readServerOf(spec, options),
    clientId,
    keptSeconds: readWhole(spec, 'sessionSeconds', { initially: weekSeconds, least: 0 }),
    underWayMax: readWhole(spec, 'underWay', { initially: 1000, least: 1 }),
    payloadBytesMax: readWhole(spec, 'payloadBytes', { initially: 2 ** 20, least: 1 }),
    tenant,
    contexts: [...new Set([context, ...topics.flatMap(({ context: own }) => own ?? [])])],
    deadLetters: spec.text('deadLetters'),
    topics,
  };
  spec.text('about');
  spec.close();
  if (topics.length === 0) throw new Error('topics must name at least one topic.');
  checkDeadLetters(plan);
  return plan;
}

function readVersion(spec: Spec): PublishOptions['version'] {
  const text = spec.text('version') ?? 'mqtt5.0';
  const version = Object.hasOwn(versions, text) ? versions[text] : undefined;
  if (version !== undefined) return version;
  throw new Error(`version must be one of ${Object.keys(versions).join(', ')}, not ${JSON.stringify(text)}.`);
}

function readQos(spec: Spec, initially: PublishOptions['qos']): PublishOptions['qos'] {
  const number = spec.number('qos') ?? initially;
  const qos = ([0, 1, 2] as const).find((one) => one === number);
  if (qos !== undefined) return qos;
  throw new Error(`${spec.placeOf('qos')} must be 0, 1 or 2, not ${number}.`);
}

function readServerOf(spec: Spec, { env }: PlanOptions): MqttServer {
  const server = readServer(spec.neededText('broker'));
  if ('objection' in server) throw new Error(`broker cannot be used: ${server.objection}.`);
  const [user, password] = [readSecret(spec, 'userFrom', env), readSecret(spec, 'passwordFrom', env)];
  if (user === undefined && password !== undefined) throw new Error('passwordFrom needs userFrom.');
  return { ...server, ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) };
}

function readSecret(spec: Spec, name: string, env: PlanOptions['env']): string | undefined {
  const variable = spec.text(name);
  if (variable === undefined) return undefined;
  const value = env[variable];
  if (value === undefined) throw new Error(`${name} names ${variable}, which is not in the environment.`);
  return value;
}

function readWhole(
  spec: Spec,
  name: string,
  { initially, least }: { readonly initially: number; readonly least: number },
): number {
  const number = spec.number(name) ?? initially;
  // MQTT encodes such numbers in at most four bytes.
  if (Number.isInteger(number) && number >= least && number < 2 ** 32) return number;
  throw new Error(`${spec.placeOf(name)} must be a whole number from ${least}, not ${number}.`);
}

/**
 * Makes the writers of topics from texts such as `key:sensors` or `role:writer`. A topic that says nothing has that of the file. A key stands
 * for its holder, with the roles that the key has at the time. Roles are given to the ingestion itself.
 */
function createWriters(
  clientId: string,
  ofFile: string | undefined,
): (ofTopic: string | undefined) => Identity | undefined {
  const known = new Map<string, Identity>();
  return (ofTopic = ofFile) => {
    if (ofTopic === undefined) return undefined;
    const writer = known.get(ofTopic) ?? writerIn(ofTopic, clientId);
    known.set(ofTopic, writer);
    return writer;
  };
}

function writerIn(text: string, clientId: string): Identity {
  if (text.startsWith('key:')) return { kind: 'key', subject: text, roles: [] };
  const roles = text.split(' ').map((role) => role.slice('role:'.length));
  return { kind: 'local', subject: `mqtt:${clientId}`, roles };
}

interface TopicDefaults {
  readonly context: string;
  readonly qos: PublishOptions['qos'];
  readonly writerOf: (text: string | undefined) => Identity | undefined;
}

function readTopic(
  spec: Spec,
  { context, qos, writerOf }: TopicDefaults,
): TopicPlan & { readonly context: string | undefined } {
  const form = readWord(spec, 'payload', forms);
  const plan = {
    pattern: readPattern(spec),
    qos: readQos(spec, qos),
    form,
    each: spec.text('each'),
    write: readWord(spec, 'write', writes),
    writer: writerOf(spec.text('rightsOf')),
    ...(form === 'ngsi-ld' ? createEntityReader(spec, context) : createMappedReader(spec, context)),
    context: spec.text('context'),
  };
  spec.text('about');
  spec.close();
  return plan;
}

function readPattern(spec: Spec): TopicPattern {
  const text = spec.neededText('topic');
  try {
    return readTopicPattern(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${spec.placeOf('topic')} is ${JSON.stringify(text)}, but ${why}.`, { cause });
  }
}

/** Reads a member that must be one of the words. The first is the default. */
function readWord<T extends string>(spec: Spec, name: string, words: readonly [T, ...T[]]): T {
  const text = spec.text(name) ?? words[0];
  const word = words.find((one) => one === text);
  if (word !== undefined) return word;
  throw new Error(`${spec.placeOf(name)} must be one of ${words.join(', ')}, not ${JSON.stringify(text)}.`);
}

function checkDeadLetters({ deadLetters, topics }: IngestPlan): void {
  if (deadLetters === undefined) return;
  if (deadLetters === '' || /[+#\0]/.test(deadLetters))
    throw new Error('deadLetters must be a topic, without + and #.');
  const reader = topics.findIndex(({ pattern }) => pattern.match(deadLetters) !== undefined);
  if (reader >= 0) throw new Error(`deadLetters would be ingested again, by topics[${reader}].`);
}
