/** Selects the entities that a v2 subscription concerns: by id, type, and patterns of these, in the spelling of v2. */
import type { EntitySelector, Filter } from '../../language/filter.ts';
import { compilePattern } from '../../language/pattern/pattern.ts';
import type { Entity, Terms } from '../../model/entity.ts';
import { uriOfV2Id, v2IdOf } from '../../model/v2/id.ts';
import { typeIri, typeName } from '../../v2/names.ts';
import type { SubjectEntity } from '../../v2/subscription/subscription.ts';

/** A filter that finds at least the entities of the subject, by the ids and types that it names. */
export const candidateFilter = (entities: readonly SubjectEntity[], terms: Terms): Filter => ({
  selectors: entities.map((entity) => candidateSelector(entity, terms)),
});

function candidateSelector({ id, type }: SubjectEntity, terms: Terms): EntitySelector {
  const uri = id === undefined ? undefined : uriOfV2Id(id);
  return {
    ...(uri === undefined ? undefined : { ids: [uri] }),
    ...(type === undefined ? undefined : { types: { op: 'type', type: typeIri(type, terms) } }),
  };
}

type EntityTest = (entity: Entity) => boolean;

/** True when one element of the subject matches. */
export function compileSubject(entities: readonly SubjectEntity[], terms: Terms): EntityTest {
  const tests = entities.map((entity) => compileElement(entity, terms));
  return (entity) => tests.some((test) => test(entity));
}

function compileElement({ id, idPattern, type, typePattern }: SubjectEntity, terms: Terms): EntityTest {
  const tests: EntityTest[] = [];
  if (id !== undefined) {
    const uri = uriOfV2Id(id);
    tests.push((entity) => entity.id === uri);
  }
  if (idPattern !== undefined) {
    const matches = compilePattern(idPattern);
    tests.push((entity) => matches(v2IdOf(entity.id)));
  }
  if (type !== undefined) {
    const iri = typeIri(type, terms);
    tests.push(({ types }) => types.includes(iri));
  }
  if (typePattern !== undefined) {
    const matches = compilePattern(typePattern);
    tests.push(({ types }) => types.some((one) => matches(typeName(one, terms))));
  }
  return (entity) => tests.every((test) => test(entity));
}
