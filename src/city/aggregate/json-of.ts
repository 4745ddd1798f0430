/** Turns own values into JSON. */
import { type Json, parseJson } from '../../core/model/json.ts';

/** Our own values are JSON but for absent members, which a copy leaves out. */
export const jsonOf = (value: unknown): Json => parseJson(JSON.stringify(value));
