/** @type {import('jest').Config} */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } } }],
  },
  // dist/ and lib/ hold package.json files and copies of modules that must not shadow the sources.
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/lib/'],
};

export default {
  projects: [
    {
      ...shared,
      displayName: 'test',
      testMatch: ['<rootDir>/__tests__/{unit,contract,integration,fuzz}/**/*.test.ts'],
    },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/__tests__/e2e/**/*.test.ts'] },
  ],
};
