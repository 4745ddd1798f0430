/** Tells the type that NGSI v2 gives to a value without one. */
import { isObject, type Json } from '../json.ts';
import type { InitialType } from './assignment.ts';

/** The value null: NGSI-LD has it as a JSON literal only (CIM 009 clause 4.6.1). */
export const nullLiteral: Json = { '@type': '@json', '@value': null };

export const isNullLiteral = (value: Json): boolean =>
  isObject(value) && value['@type'] === '@json' && value['@value'] === null;

/** The type by the JSON type of the value. */
export function initialType(value: Json): InitialType {
  if (value === null || isNullLiteral(value)) return 'None';
  switch (typeof value) {
    case 'string':
      return 'Text';
    case 'number':
      return 'Number';
    case 'boolean':
      return 'Boolean';
    default:
      return 'StructuredValue';
  }
}
