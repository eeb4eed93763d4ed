// What kills, restarts and cuts takes its time: it runs when it is asked for, `npm run test:slow`.
const isSlow = process.argv.some((arg) => arg.includes('test/faults'))

/** Jest runs ESM; .swcrc compiles. Workers restart at a bound: jest's ESM leaks some megabytes per file. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...(isSlow ? [] : ['/test/faults/'])],
  globalSetup: '<rootDir>/test/before-all-tests.mjs',
  globalTeardown: '<rootDir>/test/after-all-tests.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': '@swc/jest' },
  // Much of what the quick ones do is waiting for a process or a socket: three keep two cores busy.
  maxWorkers: isSlow ? 2 : 3,
  workerIdleMemoryLimit: '12%',
  testSequencer: '<rootDir>/test/longest-first.mjs',
  testTimeout: 20_000,
}
