/** Reads the files that configure MQTT ingestion: YAML or JSON, validated against schemas/mqtt-ingest.json. */
import { readFileSync } from 'node:fs';
import { parse as parsePath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { ruleText, mostSpecificError } from '../../city/models/rule-text.ts';
import { isObject, type Json, parseJson } from '../../core/model/json.ts';
import { type IngestPlan, type PlanOptions, readIngestPlan } from '../../edge/mqtt/ingest/plan.ts';
import { accessModeOf } from '../access-mode.ts';
import { readDefaultContexts } from './default-contexts.ts';
import { listIn } from './list.ts';
import type { Given } from './read-config.ts';
import type { Config } from './options.ts';

const schemaPath = fileURLToPath(new URL('../../../schemas/mqtt-ingest.json', import.meta.url));

/** Throws an Error that names the file, the line and the invalid member. */
export function readIngestPlans(config: Config, env: Given['env']): readonly IngestPlan[] {
  const { mqttIngest, alias, defaultContext } = config;
  const isWriterNeeded = accessModeOf(config) === 'required';
  const paths = listIn(mqttIngest);
  const defaultContextOf = readDefaultContexts(defaultContext);
  const plans = paths.map((path) =>
    readFile(path, { env, isWriterNeeded, defaultContextOf, clientId: `${alias}-${parsePath(path).name}` }),
  );
  const names = plans.map(({ clientId }) => clientId);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return plans;
  throw new Error(`Two files of --mqtt-ingest have the clientId ${twice}: each would break the other's connection.`);
}

function readFile(path: string, options: PlanOptions & { readonly isWriterNeeded: boolean }): IngestPlan {
  try {
    const document = readDocument(readFileSync(path, 'utf8'));
    const plan = readIngestPlan(document, options);
    const rightless = plan.topics.findIndex(({ writer }) => writer === undefined);
    if (!options.isWriterNeeded || rightless < 0) return plan;
    throw new Error(
      `topics[${rightless}] needs the member rightsOf (key:NAME or role:NAME), or the file does, because access is required.`,
    );
  } catch (cause) {
    throw new Error(
      `${path} cannot be used for --mqtt-ingest. ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

function readDocument(text: string): Json {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [flaw] = document.errors;
  if (flaw) throw new Error(flaw.message);
  const value: unknown = document.toJS();
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true, verbose: true }).compile(readSchema());
  if (validate(value)) return parseJson(JSON.stringify(value));
  const error = mostSpecificError(validate.errors ?? []);
  throw new Error(error ? sentenceOf(error, document, lines) : 'It is not what its schema says.');
}

function readSchema(): Readonly<Record<string, unknown>> {
  const schema = parseJson(readFileSync(schemaPath, 'utf8'));
  if (!isObject(schema)) throw new Error(`${schemaPath} is no schema.`);
  return schema;
}

/** The error message with its place: `Line 12: topics[0].attributes.power has no member "colum".` */
function sentenceOf(error: ErrorObject, document: Document, lines: LineCounter): string {
  const keys = error.instancePath
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const place = keys.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('');
  const [name, line] = [place.replace(/^\./, ''), lineOf(keys, document, lines)];
  return `${line === undefined ? '' : `Line ${line}: `}${name === '' ? 'the file' : name} ${ruleOf(error)}.`;
}

function ruleOf(error: ErrorObject): string {
  const extra: unknown = error.params['additionalProperty'];
  if (typeof extra === 'string') {
    const known: unknown = error.parentSchema?.['properties'];
    const names = typeof known === 'object' && known !== null ? Object.keys(known) : [];
    return `has an unknown member ${JSON.stringify(extra)}. There can be: ${names.join(', ')}`;
  }
  return ruleText({ ...error, instancePath: '' });
}

function lineOf(keys: readonly string[], document: Document, lines: LineCounter): number | undefined {
  const node = keys.length === 0 ? document.contents : document.getIn(keys.map(keyOf), true);
  return isNode(node) && node.range ? lines.linePos(node.range[0]).line : undefined;
}

const keyOf = (key: string): string | number => (/^\d+$/.test(key) ? Number(key) : key);
