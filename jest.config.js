/** Native ES modules under jest: the types are stripped, nothing else is rewritten. @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/esbuild-transform.js' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/cdk.out/', '<rootDir>/.gastown/'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/examples/'],
  maxWorkers: 2,
};
