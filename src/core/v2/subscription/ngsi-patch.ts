/** Evaluates the member `ngsi` of a custom notification: an entity fragment with macros that is put over the notified entity. */
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { JexlContext } from '../jexl/evaluate.ts';
import { replaceInJson } from '../jexl/macros.ts';
import { initialType } from '../../model/v2/initial-type.ts';

/** Metadata that gives the order of evaluation. */
const priorityName = 'evalPriority';
/** Attributes without a priority come after all others. */
const lastPriority = 100_001;

/**
 * The entity with the attributes of the fragment in place of its own. Each result is a name of the expressions that are evaluated later; id
 * and type are the last ones.
 */
export function patchedEntity(entity: JsonObject, fragment: JsonObject, context: JexlContext): JsonObject {
  const { id, type, ...attributes } = fragment;
  const names: Record<string, Json> = { ...context.names };
  const replaced: Record<string, Json> = {};
  const inOrder = Object.entries(attributes).sort(([, a], [, b]) => priorityOf(a) - priorityOf(b));
  for (const [name, attribute] of inOrder) {
    const shown = attributeIn(attribute, { ...context, names });
    replaced[name] = shown;
    names[name] = shown['value'] ?? null;
  }
  return { ...entity, ...replaced, ...headOf({ id, type }, { ...context, names }) };
}

/** The id and the type, always as texts. One whose macro has no value stays that of the entity. */
function headOf(templates: Readonly<Record<string, Json | undefined>>, context: JexlContext): JsonObject {
  const given = Object.entries(templates).flatMap(([name, template]) => {
    const value = template === undefined ? null : replaceInJson(template, context);
    return value === null ? [] : [[name, textOf(value)] as const];
  });
  return Object.fromEntries(given);
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

function priorityOf(attribute: Json): number {
  const metadata = isObject(attribute) ? attribute['metadata'] : undefined;
  const item = isObject(metadata) ? metadata[priorityName] : undefined;
  const value = isObject(item) ? item['value'] : undefined;
  return typeof value === 'number' ? value : lastPriority;
}

function attributeIn(attribute: Json, context: JexlContext): JsonObject {
  const { type, value = null, metadata } = isObject(attribute) ? attribute : {};
  const shown = replaceInJson(value, context);
  const items = isObject(metadata) ? metadata : {};
  return {
    type: typeof type === 'string' ? type : initialType(shown),
    value: shown,
    metadata: Object.fromEntries(Object.entries(items).map(([name, item]) => [name, itemIn(item, context)])),
  };
}

function itemIn(item: Json, context: JexlContext): Json {
  if (!isObject(item)) return item;
  const { type, value = null } = item;
  const shown = replaceInJson(value, context);
  return { type: typeof type === 'string' ? type : initialType(shown), value: shown };
}
