// The page of an API: every operation that openapi.json describes, or openapi-v2.json for `/api?v2`, by tag, each with a curl line that can
// be used as it is.

// What creates comes before what reads and changes.
const methods = ['post', 'get', 'put', 'patch', 'delete'];
const element = (id) => document.getElementById(id);

/** An element with attributes and content. Text is only ever put in as text. */
function make(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content.filter((part) => part !== undefined));
  return made;
}

/** Text with what stands in backquotes as code. */
const prose = (text = '') => text.split('`').map((part, index) => (index % 2 === 1 ? make('code', {}, part) : part));

let api;

/** What a reference stands for; anything else stays. */
const resolved = (part) =>
  part?.$ref
    ? part.$ref
        .split('/')
        .slice(1)
        .reduce((place, step) => place[step], api)
    : part;

const nameOf = (schema) => schema?.$ref?.split('/').at(-1);

/** A schema in a few words: its name, its type, or the values that it takes. */
function inWords(schema = {}) {
  if (schema.$ref) return nameOf(schema);
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.oneOf) return schema.oneOf.map(inWords).join(' or ');
  const type = [schema.type ?? 'any'].flat().join(' or ');
  const of = schema.type === 'array' && schema.items ? ` of ${inWords(schema.items)}` : '';
  const range = [
    schema.minimum === undefined ? undefined : `from ${schema.minimum}`,
    schema.maximum === undefined ? undefined : `to ${schema.maximum}`,
  ];
  const what = [schema.format && `(${schema.format})`, ...range, schema.default !== undefined && `= ${schema.default}`];
  return [type + of, ...what].filter(Boolean).join(' ');
}

function table(rows) {
  return make('table', {}, make('tbody', {}, ...rows.map((cells) => make('tr', {}, ...cells.map(cell)))));
}

const cell = (content) => make('td', {}, ...[content].flat());

/** The members of an object schema, with those of members that have a schema of their own folded away. */
function members(schema, seen = []) {
  const { properties, items, required = [], description } = resolved(schema) ?? {};
  if (items && !properties) return members(items, seen);
  if (!properties) return description ? make('p', {}, ...prose(description)) : undefined;
  const rows = Object.entries(properties).map(([name, member]) => {
    const inner = nameOf(member) ?? nameOf(member.items);
    const below = inner && !seen.includes(inner) ? members(member, [...seen, inner]) : undefined;
    const about = prose(resolved(member).description);
    return [
      [make('code', {}, name), required.includes(name) ? ' *' : ''],
      inWords(member),
      below?.matches('table') ? [...about, make('details', {}, make('summary', {}, inner), below)] : about,
    ];
  });
  return table(rows);
}

/** The part of a section under a small heading; nothing without content. */
const part = (title, ...content) => (content.some(Boolean) ? [make('h3', {}, title), ...content.filter(Boolean)] : []);

const parametersOf = (item, operation) => [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolved);

const showParameters = (parameters) =>
  parameters.length === 0
    ? undefined
    : table(
        parameters.map(({ name, in: place, required, schema, description, example }) => [
          [make('code', {}, name), required ? ' *' : '', make('small', {}, place)],
          inWords(schema),
          [
            ...prose(description),
            example === undefined ? undefined : make('small', {}, 'Such as ', make('code', {}, String(example))),
          ].filter(Boolean),
        ]),
      );

/** The media type of a body that needs nothing beside it. */
const plainest = ({ content }) => ('application/json' in content ? 'application/json' : Object.keys(content)[0]);

function showBody(body) {
  if (!body) return [];
  const types = Object.keys(body.content);
  const { schema } = body.content[plainest(body)];
  const name = nameOf(schema);
  return part(
    'Body',
    make('p', {}, ...prose(body.description), ` In ${types.join(', ')}.`),
    members(schema, name ? [name] : []),
  );
}

const showResponses = (responses) =>
  table(
    Object.entries(responses).map(([status, reference]) => {
      const { description, content = {}, headers = {} } = resolved(reference);
      const [first] = Object.values(content);
      const named = Object.keys(headers).join(', ');
      return [
        make('code', {}, status),
        first ? inWords(first.schema) : 'no content',
        [
          ...prose(description),
          make('small', {}, [Object.keys(content).join(', '), named && `with ${named}`].filter(Boolean).join('; ')),
        ],
      ];
    }),
  );

/** A text that every shell takes as it is. */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The line that takes an id which the broker makes from an answer, into a variable of the shell. */
const lineThatTakes = ({ name, 'x-taken-from': { path, pattern } }) =>
  `${name}=$(curl -s ${quoted(location.origin + path)} | grep -oE ${quoted(pattern)} | head -n 1)`;

/** The address of an operation as a word of a shell, with examples and variables in place of what must be given. */
function addressOf({ path, parameters, operation }) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => {
    const { example = name, 'x-taken-from': isTaken } = parameters.find(
      (one) => one.in === 'path' && one.name === name,
    );
    return isTaken ? `$${name}` : encodeURIComponent(example).replaceAll('%3A', ':');
  });
  const address = [location.origin + filled, operation['x-query']].filter(Boolean).join('?');
  return address.includes('$') ? `"${address}"` : quoted(address);
}

/** The lines that ask the broker behind this page for an operation. Those of the page can be carried out from top to bottom. */
function curlOf({ path, method, parameters, body, operation }) {
  // A POST without a body says so too, so that no web page can send it unseen.
  const media = body ? plainest(body) : method === 'post' && 'application/json';
  const example = body?.content[media].example;
  const streams = 'text/event-stream' in (resolved(operation.responses['200'])?.content ?? {});
  const asks = [
    `curl ${streams ? '-N ' : ''}${method === 'get' ? '' : `-X ${method.toUpperCase()} `}${addressOf({ path, parameters, operation })}`,
    media && `-H ${quoted(`Content-Type: ${media}`)}`,
    example !== undefined && `-d ${quoted(JSON.stringify(example))}`,
  ];
  const taken = parameters.filter((one) => one['x-taken-from']);
  return [...taken.map(lineThatTakes), asks.filter(Boolean).join(' \\\n  ')].join('\n');
}

function copyButton(text) {
  const button = make('button', { type: 'button' }, 'Copy');
  button.onclick = async () => {
    await navigator.clipboard?.writeText(text);
    button.textContent = navigator.clipboard ? 'Copied' : 'Select the text to copy it';
  };
  return button;
}

function showOperation({ path, method, item, operation }) {
  const parameters = parametersOf(item, operation);
  const body = resolved(operation.requestBody);
  const curl = curlOf({ path, method, parameters, body, operation });
  const example = body?.content[plainest(body)].example;
  const verb = method.toUpperCase();
  return make(
    'details',
    { class: 'operation', id: operation.operationId },
    make(
      'summary',
      {},
      make('b', { class: 'method', 'data-method': verb }, verb),
      make('code', {}, path),
      make('span', {}, operation.summary),
    ),
    make(
      'div',
      {},
      operation.description && make('p', {}, ...prose(operation.description)),
      ...part('Try it', make('pre', { class: 'curl' }, curl), copyButton(curl)),
      ...part('Parameters', showParameters(parameters)),
      ...showBody(body),
      ...part(
        'Example',
        example === undefined ? undefined : make('pre', { class: 'example' }, JSON.stringify(example, undefined, 2)),
      ),
      ...part('Answers', showResponses(operation.responses)),
    ),
  );
}

const depthOf = ({ path }) => path.split('/').length;

/** Every operation, with the path that it is under. What deletes comes last, parts before what they are parts of. */
function listed() {
  const all = Object.entries(api.paths).flatMap(([path, item]) =>
    methods.filter((method) => item[method]).map((method) => ({ path, method, item, operation: item[method] })),
  );
  const deletions = all.filter(({ method }) => method === 'delete');
  return [
    ...all.filter((one) => !deletions.includes(one)),
    ...deletions.sort((one, other) => depthOf(other) - depthOf(one)),
  ];
}

function show() {
  element('summary').textContent = `${api.info.summary} ${api.info.version}`;
  element('about').append(
    ...api.info.description.split(/\n{2,}/).map((text) => make('p', {}, ...prose(text.replaceAll('\n', ' ')))),
  );
  element('about').hidden = false;
  const all = listed();
  for (const { name, description } of api.tags) {
    const own = all.filter(({ operation }) => operation.tags?.includes(name));
    element('operations').append(
      make(
        'div',
        { 'data-tag': name },
        make('h2', {}, name, make('small', {}, description)),
        ...own.map(showOperation),
      ),
    );
    const links = own.map(({ operation }) => make('a', { href: `#${operation.operationId}` }, operation.summary));
    element('contents').append(make('div', {}, make('h2', {}, name), ...links));
  }
}

/** Shows only what holds all words that were typed. */
function find() {
  const words = element('find').value.toLowerCase().split(/\s+/);
  for (const group of document.querySelectorAll('[data-tag]')) {
    const operations = [...group.querySelectorAll('.operation')];
    for (const one of operations) {
      const text = `${one.id} ${one.firstElementChild.textContent}`.toLowerCase();
      one.hidden = !words.every((word) => text.includes(word));
    }
    group.hidden = operations.every((one) => one.hidden);
  }
}

/** Opens the operation that the address names. */
function openNamed() {
  const named = element(decodeURIComponent(location.hash.slice(1)));
  if (!named?.matches('.operation')) return;
  named.open = true;
  named.scrollIntoView();
}

const isV2 = new URLSearchParams(location.search).has('v2');
const description = isV2 ? '/openapi-v2.json' : '/openapi.json';
element(isV2 ? 'to-v2' : 'to-ld').setAttribute('aria-current', 'page');
element('find').oninput = find;
addEventListener('hashchange', openNamed);
try {
  const response = await fetch(description);
  if (!response.ok) throw new Error(`${description} answered ${response.status}.`);
  api = await response.json();
  show();
  openNamed();
  element('fault').remove();
} catch (error) {
  element('fault').textContent = `The description of the API cannot be shown: ${error.message}`;
}
