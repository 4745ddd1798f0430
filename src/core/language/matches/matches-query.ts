/** Compiles a query in `q` to a test of entities (clause 4.9). */
import type { Attributes, Instance } from '../../model/attribute.ts';
import type { Entity } from '../../model/entity.ts';
import type { Instant } from '../../model/instant.ts';
import { Problem } from '../../model/problem.ts';
import { v2IdOf } from '../../model/v2/id.ts';
import { entityStamps, instanceStamps } from '../../model/stamps.ts';
import type { QPath, Query } from '../filter.ts';
import { countSteps } from '../step-count.ts';
import { compileTest, holdsIn, memberHolds, type ValueTest } from './matches-value.ts';

type EntityTest = (entity: Entity) => boolean;

/** The number of steps per instance of an attribute, in addition to the steps of its value. */
const instanceSteps = 20;

/** `ownerCreatedAt`: the creation time of the entity or of the enclosing instance, for inherited stamps. */
type InstanceTest = (instance: Instance, ownerCreatedAt: Instant) => boolean;

/**
 * The test of a query. A path through a relationship throws OperationNotSupported, because it needs other entities. When an attribute has
 * several instances, one matching instance is sufficient.
 */
export function compileQuery(query: Query): EntityTest {
  switch (query.op) {
    case 'and': {
      const tests = query.parts.map(compileQuery);
      return (entity) => tests.every((test) => test(entity));
    }
    case 'or': {
      const tests = query.parts.map(compileQuery);
      return (entity) => tests.some((test) => test(entity));
    }
    case 'missing': {
      const isThere = compileQuery({ op: 'exists', path: query.path });
      return (entity) => !isThere(entity);
    }
    default:
      return compilePath(query.path, compileTest(query));
  }
}

function compilePath(path: QPath, test: ValueTest): EntityTest {
  if (path.linked) {
    throw new Problem(
      'OperationNotSupported',
      `The path ${path.text}{${path.linked.path.text}} leads through a relationship, which is not supported here.`,
    );
  }
  const member = entityMembers[path.attr];
  if (member)
    return path.sub.length + path.inside.length > 0 ? () => false : (entity) => memberHolds(test, member(entity));
  const isMet = compileSteps(path, 0, test);
  return ({ attrs, createdAt }) => isAnyMet(attrs, { name: path.attr, isMet, createdAt });
}

const nothing = (): undefined => undefined;

type EntityMember = (entity: Entity) => string | readonly string[] | undefined;

/** Members of entities other than attributes. `deletedAt` exists only in the history, `observedAt` only on attributes. */
const entityMembers: Readonly<Record<string, EntityMember>> = {
  id: ({ id }) => id,
  v2Id: ({ id }) => v2IdOf(id),
  type: ({ types }) => types,
  scope: ({ scope }) => scope,
  createdAt: ({ createdAt }) => createdAt,
  modifiedAt: (entity) => entityStamps(entity).modifiedAt,
  expiresAt: ({ expiresAt }) => expiresAt,
  deletedAt: nothing,
  observedAt: nothing,
};

interface Search {
  readonly name: string;
  readonly isMet: InstanceTest;
  readonly createdAt: Instant;
}

function isAnyMet(attrs: Attributes | undefined, { name, isMet, createdAt }: Search): boolean {
  const instances = attrs && Object.hasOwn(attrs, name) ? attrs[name] : undefined;
  if (!instances) return false;
  if (instances.length > 1) countSteps(instanceSteps * instances.length);
  for (const instance of instances) if (isMet(instance, createdAt)) return true;
  return false;
}

/** The test of an instance. The first `depth` names of the path lead to this instance. */
function compileSteps(path: QPath, depth: number, test: ValueTest): InstanceTest {
  const name = path.sub[depth];
  if (name === undefined) return holdsIn(test, path.inside);
  const member = instanceMembers[name];
  const isLast = depth === path.sub.length - 1 && path.inside.length === 0;
  if (member)
    return isLast ? (instance, ownerCreatedAt) => memberHolds(test, member(instance, ownerCreatedAt)) : () => false;
  const isMet = compileSteps(path, depth + 1, test);
  return ({ attrs, createdAt }, ownerCreatedAt) =>
    isAnyMet(attrs, { name, isMet, createdAt: createdAt ?? ownerCreatedAt });
}

type InstanceMember = (instance: Instance, ownerCreatedAt: Instant) => string | readonly string[] | undefined;

/** Members of instances other than value and sub-attributes. `deletedAt` and `instanceId` exist only in the history. */
const instanceMembers: Readonly<Record<string, InstanceMember>> = {
  observedAt: ({ observedAt }) => observedAt,
  createdAt: (instance, ownerCreatedAt) => instanceStamps(instance, ownerCreatedAt).createdAt,
  modifiedAt: (instance, ownerCreatedAt) => instanceStamps(instance, ownerCreatedAt).modifiedAt,
  expiresAt: ({ expiresAt }) => expiresAt,
  unitCode: ({ unitCode }) => unitCode,
  datasetId: ({ datasetId }) => datasetId,
  objectType: ({ objectType }) => objectType,
  valueType: ({ valueType }) => valueType,
  deletedAt: nothing,
  instanceId: nothing,
};
