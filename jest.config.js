// Tests run the TypeScript sources as they are: Node strips the types, nothing is bundled or mocked.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/strip-types.js' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/', '<rootDir>/data/'],
  setupFiles: ['<rootDir>/test/seed.ts'],
  testTimeout: 20_000,
};
