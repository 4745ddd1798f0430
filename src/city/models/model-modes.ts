/** Parses how strictly data models are enforced: off, warn or reject, for all types and per type. */

const modelModes = ['off', 'warn', 'reject'] as const;
export type ModelMode = (typeof modelModes)[number];

export interface ModelModes {
  /** The mode of types that are not listed. */
  readonly default: ModelMode;
  /** Modes by short name or IRI of the type. */
  readonly types?: Readonly<Record<string, ModelMode>>;
}

/**
 * Parses a text such as `warn,Streetlight=off,ParkingSpot=reject`: at most one mode for all types (default `off`), and modes by short name
 * or IRI of a type. Throws an Error that names the invalid part.
 */
export function readModelModes(text: string): ModelModes {
  const parts = text.split(',').map((part) => part.trim());
  const [general = 'off', ...more] = parts.filter((part) => !part.includes('='));
  if (more.length > 0) throw new Error(`There can be one mode for all types, not ${[general, ...more].join(' and ')}.`);
  return {
    default: readMode(general),
    types: Object.fromEntries(parts.filter((part) => part.includes('=')).map(readTypeMode)),
  };
}

// An IRI may contain an equals sign, a mode cannot, so the last equals sign is the separator.
function readTypeMode(part: string): readonly [string, ModelMode] {
  const at = part.lastIndexOf('=');
  if (at === 0) throw new Error(`The mode ${JSON.stringify(part)} names no type.`);
  return [part.slice(0, at), readMode(part.slice(at + 1))];
}

function readMode(text: string): ModelMode {
  const mode = modelModes.find((one) => one === text);
  if (!mode)
    throw new Error(`A mode of the data models is one of ${modelModes.join(', ')}, not ${JSON.stringify(text)}.`);
  return mode;
}
