// Brokers of tests have one HTTP thread, also those in processes of their own (test/threads-setup.ts).
process.env.MLAKA_THREADS ??= '1';

// Tests run the TypeScript sources as they are: Node strips the types, nothing is bundled or mocked.
const common = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/strip-types.js' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/', '<rootDir>/data/'],
  setupFiles: ['<rootDir>/test/seed.ts', '<rootDir>/test/threads-setup.ts'],
};

// Those that need a MongoDB replica set share one, which is started only when one of them is run.
export default {
  // Two files at a time: most wait for programs that they start. More would measure each other.
  maxWorkers: 2,
  testTimeout: 60_000,
  // Node keeps the modules of every test file for as long as its process runs: a worker that has grown is replaced by a new one.
  workerIdleMemoryLimit: '1GB',
  projects: [
    {
      ...common,
      displayName: 'embedded',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/mongo[^/]*\\.test\\.ts$', '/node_modules/'],
    },
    {
      ...common,
      displayName: 'mongo',
      testMatch: [
        'test/**/mongo*.test.ts',
        'test/scenario/*.test.ts',
        'test/property/http.test.ts',
        'test/property/grammar.test.ts',
        'test/property/export-import.test.ts',
      ].map((path) => `<rootDir>/${path}`),
      testPathIgnorePatterns: ['bad-input', '/node_modules/'],
      globals: { storesOfScenarios: ['mongo'] },
      globalSetup: '<rootDir>/test/mongo/start.ts',
      globalTeardown: '<rootDir>/test/mongo/stop.ts',
    },
  ],
};
