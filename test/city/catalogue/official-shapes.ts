/**
 * Finds the official SHACL shapes of DCAT-AP and validates graphs with them. The shapes are not in this repository: they are in the folder
 * that MLAKA_DCAT names, in `.cache/dcat`, or in `shared/dcat` beside the checkout. Without them, their tests are skipped, and the output
 * says so.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import { Parser, type Quad, Store } from 'n3';
import Validator from 'rdf-validate-shacl';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder with the shapes, the vocabulary excerpt and the sample catalogues. Undefined: there is none here. */
export const officialFolder = [
  process.env['MLAKA_DCAT'],
  join(root, '.cache/dcat'),
  join(root, '..', 'shared', 'dcat'),
].find((folder) => folder !== undefined && existsSync(join(folder, 'dcat-ap-3.0.1')));

/** Describes tests that need the official files. They are skipped and counted as such where these are absent. */
export const describeWithShapes: typeof describe.skip = officialFolder === undefined ? describe.skip : describe;

if (officialFolder === undefined)
  process.stderr.write('The official shapes of DCAT-AP are not here (MLAKA_DCAT): the tests with them are skipped.\n');

export const readOfficial = (path: string): string => readFileSync(join(officialFolder ?? '', path), 'utf8');

export const quadsIn = (turtle: string, baseIRI = 'http://base.example/'): readonly Quad[] =>
  new Parser({ baseIRI }).parse(turtle);

/** The files of shapes by the names that `expected.tsv` has for them. */
const shapesFiles = {
  shapes: 'dcat-ap-3.0.1/shacl/shapes.ttl',
  range: 'dcat-ap-3.0.1/shacl/range.ttl',
  'mdr-vocabularies': 'dcat-ap-3.0.1/shacl/mdr-vocabularies.shape.ttl',
  shapes_recommended: 'dcat-ap-3.0.1/shacl/shapes_recommended.ttl',
  'hvd-full': 'dcat-ap-hvd-3.0.0/shacl/hvd-SHACL-full.ttl',
} as const;
export type ShapesName = keyof typeof shapesFiles;

const validators = new Map<ShapesName, Validator>();

/** The validator refuses to go without what `owl:imports` names, which are vocabularies that are loaded beside the data. */
function validatorOf(name: ShapesName): Validator {
  const known = validators.get(name);
  if (known) return known;
  const shapes = quadsIn(readOfficial(shapesFiles[name])).filter(
    ({ predicate }) => !predicate.value.endsWith('#imports'),
  );
  const made = new Validator(new Store([...shapes]));
  validators.set(name, made);
  return made;
}

const local = (iri: string): string => iri.split(/[/#]/).at(-1) ?? '';

/** What the shapes say of a graph, as `V:Component:property` or `W:Component:property`, sorted, each once. */
export async function complaintsOf(quads: readonly Quad[], name: ShapesName): Promise<readonly string[]> {
  const excerpt = quadsIn(readOfficial('vocabularies/eu-vocabulary-excerpt.ttl'));
  const report = await validatorOf(name).validate(new Store([...quads, ...excerpt]));
  const complaints = report.results.map(({ severity, sourceConstraintComponent, path }) => {
    const component = local(sourceConstraintComponent.value).replace(/ConstraintComponent$/, '');
    // A path of several steps is a list, which has no IRI. A rule about the node itself has no path.
    const kind = (path as { readonly termType?: string } | null)?.termType;
    const property = kind === undefined ? '' : kind === 'NamedNode' ? local(path.value) : '(path)';
    return `${local(severity.value).charAt(0)}:${component}:${property}`;
  });
  return [...new Set(complaints)].sort();
}
