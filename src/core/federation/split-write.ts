/** Divides a write on one entity among this broker and the sources that have the entity or a part of it (clause 4.3.6.2). Pure. */
import type { EntitySelector } from '../language/filter.ts';
import { exclusiveNames, narrowDemand } from './narrow.ts';
import type { Registration } from './registration.ts';

/** A write on one entity. */
export interface EntityWrite {
  readonly id: string;
  /** Selects the entity, with its types as far as they are known. */
  readonly selector: EntitySelector;
  /** Expanded. Absent: the whole entity, such as a deletion. */
  readonly attrs?: readonly string[];
  /** The names of operations of which a source must offer one. */
  readonly operations: readonly string[];
}

/** The part of a write that goes to one source. */
export interface WritePart {
  readonly registration: Registration;
  /** Absent: the whole entity. */
  readonly attrs?: readonly string[];
  /** False when the source has the information for itself, but does not offer the operation (a conflict). */
  readonly isOffered: boolean;
}

/** What goes where. */
export interface WriteSplit {
  readonly parts: readonly WritePart[];
  /** The attributes that are left to this broker. */
  readonly rest?: readonly string[];
  /** False when sources have all of it for themselves. */
  readonly isLocal: boolean;
}

/**
 * Exclusive and redirect sources take their attributes away from all others. Inclusive ones get a copy, if they offer the operation.
 * `matching` are the registrations that match the write. Auxiliary ones never get a write.
 */
export function splitWrite(write: EntityWrite, matching: readonly Registration[]): WriteSplit {
  const exclusive = matching.filter(({ mode }) => mode === 'exclusive').flatMap((one) => exclusivePart(one, write));
  const left = without(write.attrs, exclusive);
  const redirect = matching.filter(({ mode }) => mode === 'redirect').flatMap((one) => copyPart(one, write, left));
  const rest = without(left, redirect);
  const proxied = [...exclusive, ...redirect];
  const inclusive = matching
    .filter(({ mode }) => mode === 'inclusive')
    .flatMap((one) => copyPart(one, write, rest))
    .filter(({ isOffered }) => isOffered);
  const isAll = write.attrs === undefined || write.attrs.length === 0;
  const isLocal = isAll ? write.attrs === undefined || redirect.length === 0 : (rest?.length ?? 0) > 0;
  return { parts: [...proxied, ...inclusive], ...(rest ? { rest } : undefined), isLocal };
}

function exclusivePart(registration: Registration, { id, attrs, operations }: EntityWrite): readonly WritePart[] {
  const own = exclusiveNames(registration, id);
  const names = attrs ? attrs.filter((name) => own.includes(name)) : own;
  const isOffered = operations.some((name) => registration.operations.has(name));
  if (names.length === 0) return [];
  return [{ registration, ...(attrs ? { attrs: names } : undefined), isOffered }];
}

function copyPart(
  registration: Registration,
  { selector, attrs, operations }: EntityWrite,
  left: readonly string[] | undefined,
): readonly WritePart[] {
  const isOffered = operations.some((name) => registration.operations.has(name));
  if (!attrs || !left) return [{ registration, isOffered }];
  const names = narrowDemand(registration, { selectors: [selector], attrs: left }).attrs ?? left;
  return names.length === 0 && attrs.length > 0 ? [] : [{ registration, attrs: names, isOffered }];
}

function without(attrs: readonly string[] | undefined, parts: readonly WritePart[]): readonly string[] | undefined {
  const taken = new Set(parts.flatMap((part) => part.attrs ?? []));
  return attrs?.filter((name) => !taken.has(name));
}
