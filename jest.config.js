/** What all tests have in common. @type {import('jest').Config} */
export const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } } }],
  },
  // dist/ and lib/ hold package.json files and copies of modules that must not shadow the sources.
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/lib/'],
};

/** Everything that needs no service: `npm test`. */
export default {
  ...shared,
  testMatch: ['<rootDir>/__tests__/{unit,contract,integration,fuzz}/**/*.test.ts'],
  // Two cores are shared with the servers under test.
  testTimeout: 20_000,
};
