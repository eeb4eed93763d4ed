/** Jest runs ESM; .swcrc compiles. Two workers that restart at a bound: jest's ESM leaks some megabytes per file. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // What kills, restarts and cuts takes its time: it runs when it is asked for, `npm run test:slow`.
  testPathIgnorePatterns: [
    '/node_modules/',
    ...(process.argv.some((arg) => arg.includes('test/faults')) ? [] : ['/test/faults/']),
  ],
  globalSetup: '<rootDir>/test/before-all-tests.mjs',
  globalTeardown: '<rootDir>/test/after-all-tests.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': '@swc/jest' },
  maxWorkers: 2,
  workerIdleMemoryLimit: '600MB',
  testTimeout: 20_000,
}
