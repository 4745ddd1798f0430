/** Validates an entity against the model of its type. */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { type Fragment, type Fragments, ngsildNull } from '../../core/model/attribute.ts';
import { isObject, isStrings, type Json, type JsonObject } from '../../core/model/json.ts';
import type { ModelViolation } from '../../core/port/models.ts';
import { type AttributeRules, brokenBy, brokenBySchema, readAttributeRules, simplified } from './attribute-rules.ts';
import { ruleText, mostSpecificError, valueText } from './rule-text.ts';
import type { Validators } from './validators.ts';

type Violation = Omit<ModelViolation, 'type'>;

export interface Model {
  /** The violations, one after another, because there can be as many as values. `whole`: the attributes are all that the entity has. */
  check(attrs: Fragments, whole: boolean): Iterable<Violation>;
  /** The violations of a whole entity in the simplified representation, by terms. Kinds and units are not in it, and not checked. */
  checkSimplified(attrs: JsonObject): Iterable<Violation>;
  /** The IRIs of the attributes with rules. */
  readonly iris: ReadonlySet<string>;
  /** The attributes with rules. Compiling the rules of one takes up to some milliseconds. */
  readonly attributes: readonly AttributeRules[];
}

/** The dependencies of a model. `irisOf` returns every IRI that may denote an attribute. */
interface ModelDependencies {
  readonly validators: Validators;
  readonly irisOf: (term: string) => readonly string[];
}

/** Creates a model from a schema of the simplified representation. Throws an Error when the schema has no `$id` or no properties. */
export function createModel(schema: JsonObject, { validators, irisOf }: ModelDependencies): Model {
  const { $id, properties } = schema;
  if (typeof $id !== 'string' || !isObject(properties))
    throw new Error('The schema of a data model needs $id and properties.');
  validators.add(schema);
  const byIri = new Map<string, AttributeRules>();
  for (const [term, rules] of Object.entries(properties)) {
    if (term === 'id' || term === 'type') continue;
    const attribute = readAttributeRules(term, rules, () => validators.ofAttribute($id, term, rules));
    for (const iri of irisOf(term)) byIri.set(iri, attribute);
  }
  const wholeRules = wholeSchema(schema, $id);
  let compiled: ValidateFunction | undefined;
  const whole = (): ValidateFunction => (compiled ??= validators.ofSchema(wholeRules));
  const attributes = [...new Set(byIri.values())];
  return {
    iris: new Set(byIri.keys()),
    attributes,
    *check(attrs, isWhole) {
      yield* checkAttributes(attrs, byIri, isWhole);
      if (isWhole) yield* checkWhole(attrs, byIri, whole());
    },
    *checkSimplified(attrs) {
      for (const { term, validate } of attributes) {
        const value = attrs[term];
        const broken = value === undefined ? undefined : brokenBySchema(value, validate());
        if (broken) yield { attribute: term, ...broken };
      }
      yield* violationsOf(attrs, whole());
    },
  };
}

/**
 * The rules of a schema for the entity as a whole. Id and type are excluded because they are already validated. The id keeps its path,
 * because references to other schemas are resolved against it.
 */
function wholeSchema(schema: JsonObject, id: string): JsonObject {
  const { required } = schema;
  const names = isStrings(required) ? required.filter((name) => name !== 'id' && name !== 'type') : [];
  const properties = Object.fromEntries(names.map((name) => [name, true]));
  return { ...schema, $id: `${id}?whole`, required: names, properties };
}

function* checkAttributes(
  attrs: Fragments,
  byIri: ReadonlyMap<string, AttributeRules>,
  whole: boolean,
): Generator<Violation> {
  for (const [iri, fragments] of Object.entries(attrs)) {
    const rules = byIri.get(iri);
    if (!rules) continue;
    for (const fragment of fragments) {
      const broken = brokenBy(fragment, rules, whole);
      if (broken) yield { attribute: rules.term, ...broken };
    }
  }
}

/** Checks the rules for the entity as a whole. They apply to one instance of each attribute: the default one, else the first. */
function checkWhole(
  attrs: Fragments,
  byIri: ReadonlyMap<string, AttributeRules>,
  validate: ValidateFunction,
): readonly Violation[] {
  const entity: Record<string, Json> = {};
  for (const [iri, fragments] of Object.entries(attrs)) {
    const rules = byIri.get(iri);
    const fragment = rules && checkedInstance(fragments);
    if (fragment?.value !== undefined) entity[rules?.term ?? iri] = simplified(fragment.kind, fragment.value);
  }
  return violationsOf(entity, validate);
}

const violationsOf = (entity: JsonObject, validate: ValidateFunction): readonly Violation[] =>
  validate(entity) ? [] : violationsOfWhole(validate.errors ?? [], entity);

/** The instance that the rules apply to. Undefined: all are deleted. */
function checkedInstance(fragments: readonly Fragment[]): Fragment | undefined {
  const present = fragments.filter(({ value }) => value !== ngsildNull);
  return present.find(({ datasetId }) => datasetId === undefined) ?? present[0];
}

function violationsOfWhole(errors: readonly ErrorObject[], entity: JsonObject): readonly Violation[] {
  const last = errors.at(-1);
  if (last?.keyword === 'anyOf' && errors.every(({ keyword }) => keyword === 'required' || keyword === 'anyOf')) {
    const choices = errors.flatMap(({ params }) => missingOf(params));
    return [{ rule: `must have ${choices.join(' or ')}`, value: valueText(entity) }];
  }
  const error = mostSpecificError(errors);
  if (!error) return [];
  const [missing] = missingOf(error.params);
  if (missing === undefined) return [{ rule: ruleText(error), value: valueText(error.data) }];
  const partner: unknown = error.params['property'];
  const rule = typeof partner === 'string' ? `must be given together with ${partner}` : 'must be given';
  return [{ attribute: missing, rule, value: 'absent' }];
}

const missingOf = (params: ErrorObject['params']): readonly string[] => {
  const missing: unknown = params['missingProperty'];
  return typeof missing === 'string' ? [missing] : [];
};
