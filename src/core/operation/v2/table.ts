/** The list of the operations of NGSI v2 on entities and types. To add an operation, add its file and its line here. */
import type { Operation } from '../operation.ts';
import { receiveV2Notification, updateV2Batch } from './batch.ts';
import { retrieveV2Root } from './root.ts';
import {
  listV2Entities,
  queryV2Entities,
  retrieveV2Attribute,
  retrieveV2Attributes,
  retrieveV2Entity,
  retrieveV2Value,
} from './read-entities.ts';
import { listV2Types, retrieveV2Type } from './types.ts';
import { deleteV2Attribute, replaceV2Attribute, replaceV2Value } from './write-attributes.ts';
import {
  appendV2Attributes,
  createV2Entity,
  deleteV2Entity,
  replaceV2Attributes,
  updateV2Attributes,
} from './write-entities.ts';

export const v2EntityOperations: readonly Operation[] = [
  retrieveV2Root,
  createV2Entity,
  listV2Entities,
  retrieveV2Entity,
  deleteV2Entity,
  retrieveV2Attributes,
  appendV2Attributes,
  updateV2Attributes,
  replaceV2Attributes,
  retrieveV2Attribute,
  replaceV2Attribute,
  deleteV2Attribute,
  retrieveV2Value,
  replaceV2Value,
  listV2Types,
  retrieveV2Type,
  updateV2Batch,
  queryV2Entities,
  receiveV2Notification,
];
