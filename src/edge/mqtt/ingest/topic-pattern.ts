/** Topic filters with named levels, such as `city/{area}/meter/{id}/state`: what to subscribe to, and what a topic says. */

export interface TopicPattern {
  /** As MQTT knows it: `city/+/meter/+/state`. */
  readonly filter: string;
  /** The names of its levels. */
  readonly names: readonly string[];
  /** The levels of a topic by name; undefined when the topic is another. */
  match(topic: string): Readonly<Record<string, string>> | undefined;
}

interface Level {
  /** What must stand there; absent: anything. */
  readonly text?: string;
  readonly name?: string;
  /** It stands for all levels that follow, too. */
  readonly isRest: boolean;
}

/** Most bytes of a topic (MQTT 5.0, 1.5.4), which hold for characters all the more. */
const lengthMost = 65_535;

/**
 * Reads a filter in which `+` and `{name}` stand for one level, and `#` and `{name#}`, at the end, for all that follow.
 * Throws an Error that says what is wrong with it.
 */
export function readTopicPattern(text: string): TopicPattern {
  if (text === '' || text.length > lengthMost || text.includes('\0'))
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
