/** Checks one attribute against its data model: kind, unit code and the schema of the value. */
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { type Fragment, type Kind, kinds, ngsildNull } from '../../core/model/attribute.ts';
import { isObject, isStrings, type Json } from '../../core/model/json.ts';
import type { ModelViolation } from '../../core/port/models.ts';
import { ruleText, mostSpecificError, valueText } from './rule-text.ts';

type Broken = Pick<ModelViolation, 'rule' | 'value'>;

export interface AttributeRules {
  /** The name of the attribute in the model. */
  readonly term: string;
  readonly kinds: readonly Kind[];
  /** The UN/CEFACT common codes that are allowed in `unitCode`; absent when the unit is not checked. */
  readonly unitCodes?: readonly string[];
  readonly isUnitRequired: boolean;
  /** Compiles the schema on the first call. */
  readonly validate: () => ValidateFunction;
}

/** Reads the rules from an attribute's schema and its `x-ngsi`. Throws an Error when `x-ngsi` names an unknown kind. */
export function readAttributeRules(
  term: string,
  schema: Json | undefined,
  compile: () => ValidateFunction,
): AttributeRules {
  const marks = isObject(schema) && isObject(schema['x-ngsi']) ? schema['x-ngsi'] : {};
  const { kind, unitCodes, unitCodeRequired } = marks;
  let compiled: ValidateFunction | undefined;
  return {
    term,
    kinds: kind === undefined ? ['Property', 'LanguageProperty'] : [readKind(term, kind)],
    ...(isStrings(unitCodes) ? { unitCodes } : undefined),
    isUnitRequired: unitCodeRequired === true,
    validate: () => (compiled ??= compile()),
  };
}

function readKind(term: string, text: Json): Kind {
  const kind = kinds.find((one) => one === text);
  if (!kind) throw new Error(`The model of ${term} asks for the kind ${JSON.stringify(text)}, which does not exist.`);
  return kind;
}

/**
 * The first rule that an instance breaks. Missing members are not checked, and deletions break no rule. A partial update may omit the unit
 * code together with the kind, because the existing instance then keeps its own.
 */
export function brokenBy(fragment: Fragment, rules: AttributeRules, whole: boolean): Broken | undefined {
  const { kind, value } = fragment;
  if (value === ngsildNull) return undefined;
  if (kind !== undefined && !rules.kinds.includes(kind)) {
    return { rule: `must be a ${rules.kinds.join(' or a ')}`, value: valueText(kind) };
  }
  return (
    brokenUnit(fragment, rules, whole || kind !== undefined) ??
    (value === undefined ? undefined : brokenBySchema(simplified(kind, value), rules.validate()))
  );
}

function brokenUnit(
  fragment: Fragment,
  { unitCodes, isUnitRequired }: AttributeRules,
  isComplete: boolean,
): Broken | undefined {
  if (!unitCodes) return undefined;
  const { unitCode = ngsildNull, value } = fragment;
  const isMissing = unitCode === ngsildNull;
  const mayBeMissing = !isUnitRequired || (fragment.unitCode === undefined && (!isComplete || value === undefined));
  if (isMissing ? mayBeMissing : unitCodes.includes(unitCode)) return undefined;
  return {
    rule: `must have the unitCode ${unitCodes.join(' or ')}`,
    value: valueText(value === undefined ? { unitCode } : isMissing ? { value } : { value, unitCode }),
  };
}

/** The first rule of a schema that a value in the simplified representation breaks. */
export function brokenBySchema(value: Json, validate: ValidateFunction): Broken | undefined {
  if (validate(value)) return undefined;
  const error = mostSpecificError(validate.errors ?? []);
  return error ? { rule: ruleText(error), value: valueText(error.data) } : undefined;
}

/** The value of an instance in the simplified representation (CIM 009 clause 4.5.4), to which the schemas apply. */
export function simplified(kind: Kind | undefined, value: Json): Json {
  switch (kind) {
    case 'LanguageProperty':
      return { languageMap: value };
    case 'VocabProperty':
      return { vocab: value };
    case 'JsonProperty':
      return { json: value };
    case 'Property':
    case 'GeoProperty':
    case 'ListProperty':
    case 'Relationship':
    case 'ListRelationship':
    case undefined:
      return value;
  }
}
