// Contains the table "who may import what" of src/README.md as data for dependency-cruiser.
const only = (from, to, name) => ({ name, severity: 'error', from: { path: from }, to });
const hall = (name, allowed) =>
  only(`^src/${name}/`, { path: '^src/', pathNot: `^src/(${allowed})` }, `${name}-imports`);
const door = (npm, path) => ({
  name: `${npm}-door`,
  severity: 'error',
  from: { path: '^src/', pathNot: path },
  to: { path: `^node_modules/${npm}/` },
});

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '^src/console/([^/]+\\.js|build/)|(\\.d\\.ts|main\\.ts|worker\\.ts)$' },
      to: {},
    },
    only('^src/core/', { dependencyTypes: ['npm', 'npm-dev', 'core', 'npm-no-pkg', 'unknown'] }, 'core-is-pure'),
    hall('core/model', 'core/model'),
    hall('core/jsonld', 'core/(model|jsonld)'),
    hall('core/language', 'core/(model|language)'),
    hall('core/mapping', 'core/(model|mapping)'),
    hall('core/representation', 'core/(model|jsonld|language|representation)'),
    hall('core/v2', 'core/(model|language|v2)'),
    hall('core/port', 'core/(model|language|port)'),
    hall('core/access', 'core/(model|jsonld|language|representation|port|access)'),
    hall('core/subscription', 'core/(model|jsonld|language|representation|v2|port|subscription)'),
    hall('core/federation', 'core/(model|jsonld|language|representation|port|federation)'),
    hall('core/operation', 'core/(model|jsonld|language|representation|v2|port|access|federation|operation)'),
    hall('store', 'store|core/(model|language|port)'),
    hall('edge', 'edge|core'),
    hall('city', 'city|core'),
    hall('console', 'console|client'),
    only('^src/client/', { pathNot: '^src/client/' }, 'client-needs-nothing'),
    only('^src/store/([^/]+)/', { path: '^src/store/', pathNot: '^src/store/$1/' }, 'stores-are-strangers'),
    only('^src/edge/([^/]+)/', { path: '^src/edge/[^/]+/', pathNot: '^src/edge/$1/' }, 'edges-are-strangers'),
    only('^src/edge/stream/[^/]+\\.ts$', { path: '^src/edge/stream/[^/]+/' }, 'stream-knows-no-binding'),
    only(
      '^src/edge/stream/([^/]+)/',
      { path: '^src/edge/stream/[^/]+/', pathNot: '^src/edge/stream/$1/' },
      'stream-bindings-are-strangers',
    ),
    only(
      '^src/core/operation/([^/]+)/',
      { path: '^src/core/operation/[^/]+/', pathNot: '^src/core/operation/(distributed|$1)/' },
      'operations-are-strangers',
    ),
    door('express', '^src/edge/http/'),
    door('ws', '^src/edge/stream/ws/'),
    door('mqtt', '^src/edge/mqtt/'),
    door('mqtt-packet', '^src/edge/mqtt/'),
    door('better-sqlite3', '^src/store/sqlite/'),
    door('mongodb', '^src/store/mongo/'),
    door('markdown-it', '^src/app/docs/'),
    door('jose', '^src/edge/auth/'),
    door('n3', '^src/city/catalogue/'),
    door('jsonld', '^src/(city/catalogue|app/command/export)/'),
    door('rdfxml-streaming-parser', '^src/city/catalogue/'),
    door('(preact|@preact)', '^src/console/'),
    door('maplibre-gl', '^src/console/map/'),
    door('uplot', '^src/console/view/'),
    door('vite', '^src/console/build/'),
    door('ajv', '^src/(edge/http|city/models|app/config)/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
};
