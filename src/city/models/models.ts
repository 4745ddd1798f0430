/** Provides the data models of a folder to the core: the models of an entity, their modes and their rules. */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isObject, type JsonObject } from '../../core/model/json.ts';
import { type BrokenRules, createBrokenRules } from '../../core/model/broken-rules.ts';
import type { ModelCheck, Models, ModelViolation } from '../../core/port/models.ts';
import { type IndexedFamily, readModelIndex, readTerms } from './model-index.ts';
import type { ModelMode, ModelModes } from './model-modes.ts';
import { createModel, type Model } from './model.ts';
import { readJson } from './read-json.ts';
import { createValidators, type Validators } from './validators.ts';

/** The prefix of names that no @context defines (CIM 009 clause 5.5.7). Clients that send no @context use these IRIs. */
const defaultVocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';

/** Terms of the core @context, which no other @context may redefine (clause 5.5.7). */
const coreTerms: ReadonlyMap<string, string> = new Map([
  ['description', 'http://purl.org/dc/terms/description'],
  ['location', 'https://uri.etsi.org/ngsi-ld/location'],
  ['status', 'https://uri.etsi.org/ngsi-ld/status'],
  ['title', 'http://purl.org/dc/terms/title'],
]);

export interface ModelOptions {
  /** The folder of the models, which contains `index.json`. */
  readonly directory: string;
  readonly modes: ModelModes;
  /** True for the models of the package, whose schemas its tests have checked. To check them again would take a fifth of a second. */
  readonly areChecked?: boolean;
}

/** The active models. Their rules are compiled on first use, or earlier in idle time. */
export interface CityModels extends Models {
  /** Compiles all active rules in slices of a few milliseconds, so that the first entities do not have to wait. */
  warmUp(): Promise<void>;
  /** True when a type, by its IRI, has an active model. */
  hasModel(type: string): boolean;
  /** The rules that a whole entity in the simplified representation violates. `type`: an IRI. */
  checkSimplified(type: string, attrs: JsonObject): readonly ModelViolation[];
}

interface ActiveModel {
  readonly model: Model;
  readonly mode: Exclude<ModelMode, 'off'>;
}

/**
 * Reads the models of a folder. A model applies to entities whose type is its IRI or, for clients that send no @context, its name in the
 * default vocabulary. The same holds for attributes. Throws an Error when a file is missing or invalid, or when a mode names a type without
 * a model.
 */
export function createModels(options: ModelOptions): CityModels {
  const models = readActiveModels(options);
  const attributesWithRules = new Set([...models.values()].flatMap(({ model }) => [...model.iris]));
  return {
    concerns: (attrs, types = []) =>
      types.some((type) => models.has(type)) || Object.keys(attrs).some((iri) => attributesWithRules.has(iri)),
    check: (entity, whole) => checkEntity(entity, whole, models),
    hasModel: (type) => models.has(type),
    checkSimplified: (type, attrs) =>
      [...(models.get(type)?.model.checkSimplified(attrs) ?? [])].map((violation) => ({ type, ...violation })),
    async warmUp() {
      for (const { attributes } of new Set([...models.values()].map(({ model }) => model))) {
        for (const { validate } of attributes) {
          validate();
          await nextTurn(undefined, { ref: false });
        }
      }
    },
  };
}

/** The maximum number of violations and of rules that are listed for an entity. */
const [refusedMax, warnedMax] = [20, 20];

function checkEntity(
  { id, types, attrs }: Parameters<Models['check']>[0],
  whole: boolean,
  models: ReadonlyMap<string, ActiveModel>,
): ModelCheck {
  const refused: ModelViolation[] = [];
  let warned: BrokenRules | undefined;
  for (const type of types) {
    const active = models.get(type);
    if (!active) continue;
    for (const violation of active.model.check(attrs, whole)) {
      const { value, ...rule } = violation;
      if (active.mode === 'reject') refused.push({ type, ...violation });
      else
        (warned ??= createBrokenRules(warnedMax)).add({ type, ...rule, values: 1, example: { entityId: id, value } });
      if (refused.length === refusedMax) return { refused, warned: [] };
    }
  }
  return { refused, warned: warned?.list() ?? [] };
}

/** The models whose mode is not off, by each IRI of their types. */
function readActiveModels({ directory, modes, areChecked = false }: ModelOptions): ReadonlyMap<string, ActiveModel> {
  const index = readModelIndex(directory);
  refuseUnknownTypes(index.families, modes);
  const validators = createValidators(readObject(join(directory, index.sharedSchema.file)), { areChecked });
  return new Map(index.families.flatMap((family) => activeModelsOf(family, { directory, modes, validators })));
}

interface ModelInput {
  readonly directory: string;
  readonly modes: ModelModes;
  readonly validators: Validators;
}

function activeModelsOf(
  family: IndexedFamily,
  { directory, modes, validators }: ModelInput,
): readonly (readonly [string, ActiveModel])[] {
  const terms = readTerms(join(directory, family.context.file));
  const irisOf = (term: string): readonly string[] => {
    const iri = coreTerms.get(term) ?? terms.get(term);
    return iri === undefined ? [`${defaultVocabulary}${term}`] : [iri, `${defaultVocabulary}${term}`];
  };
  return family.types.flatMap(({ name, iri, schema }) => {
    const mode = modes.types?.[name] ?? modes.types?.[iri] ?? modes.default;
    if (mode === 'off') return [];
    const active: ActiveModel = {
      mode,
      model: createModel(readObject(join(directory, schema.file)), { validators, irisOf }),
    };
    return [[iri, active] as const, [`${defaultVocabulary}${name}`, active] as const];
  });
}

function refuseUnknownTypes(families: readonly IndexedFamily[], { types = {} }: ModelModes): void {
  const known = families.flatMap((family) => family.types);
  const unknown = Object.keys(types).find((type) => !known.some(({ name, iri }) => type === name || type === iri));
  if (unknown === undefined) return;
  throw new Error(
    `There is no data model of the type ${unknown}. There are: ${known.map(({ name }) => name).join(', ')}.`,
  );
}

function readObject(path: string): JsonObject {
  const value = readJson(path);
  if (!isObject(value)) throw new Error(`The file ${path} holds no JSON object.`);
  return value;
}
