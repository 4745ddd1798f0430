/** Parses topic filters with named levels, such as `city/{area}/meter/{id}/state`, and matches topics against them. */

export interface TopicPattern {
  /** The MQTT filter: `city/+/meter/+/state`. */
  readonly filter: string;
  /** The names of the named levels. */
  readonly names: readonly string[];
  /** Returns the named levels of a topic; undefined when the topic does not match. */
  match(topic: string): Readonly<Record<string, string>> | undefined;
}

interface Level {
  /** The required text; absent: any. */
  readonly text?: string;
  readonly name?: string;
  /** True when the level also matches all following levels. */
  readonly isRest: boolean;
}

/** Maximum length in characters. The limit of MQTT is in bytes (MQTT 5.0, 1.5.4), so this check is a loose one. */
const lengthMax = 65_535;

/**
 * Reads a filter. `+` and `{name}` match one level; `#` and `{name#}` match all remaining levels and must be last. Throws an
 * Error with the fault.
 */
export function readTopicPattern(text: string): TopicPattern {
  if (text === '' || text.length > lengthMax || text.includes('\0'))
    throw new Error('a topic has 1 to 65535 characters and no null character');
  const levels = text.split('/').map(readLevel);
  const names = levels.flatMap(({ name }) => name ?? []);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`it has two levels named ${twice}`);
  if (levels.some((level, index) => level.isRest && index < levels.length - 1))
    throw new Error('# and {name#} stand at the end');
  return {
    filter: levels.map((level) => level.text ?? (level.isRest ? '#' : '+')).join('/'),
    names,
    match: (topic) => matchLevels(levels, topic),
  };
}

function readLevel(text: string): Level {
  const [, name, rest] = /^\{([A-Za-z_]\w*)(#?)\}$/.exec(text) ?? [];
  if (name !== undefined) return { name, isRest: rest === '#' };
  if (text === '+' || text === '#') return { isRest: text === '#' };
  if (/[+#{}]/.test(text))
    throw new Error(`${JSON.stringify(text)} is no level: +, # and {name} stand alone between slashes`);
  return { text, isRest: false };
}

function matchLevels(levels: readonly Level[], topic: string): Readonly<Record<string, string>> | undefined {
  const found = topic.split('/');
  const rest = levels.findIndex(({ isRest }) => isRest);
  if (rest < 0 ? found.length !== levels.length : found.length < rest) return undefined;
  if (levels.some(({ text }, index) => text !== undefined && text !== found[index])) return undefined;
  return Object.fromEntries(
    levels.flatMap(({ name, isRest }, index) =>
      name === undefined ? [] : [[name, isRest ? found.slice(index).join('/') : (found[index] ?? '')]],
    ),
  );
}
