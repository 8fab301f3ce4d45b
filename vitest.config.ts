import {defineConfig} from 'vitest/config';

const ci = process.env['CI'] === 'true';

/** A machine that is slow for a moment fails no change: what fails three times is wrong. */
const retry = ci ? 2 : 0;

/** Long counts take as long as they take. */
const soak = process.env['WEFT_SOAK'] !== undefined;

export default defineConfig({
  test: {
    // Two cores: real kernels and browsers each want one, so their files run one or two at a time.
    maxWorkers: 2,
    reporters: process.env['WEFT_TEST_REPORT'] === undefined ? ['default'] : ['default', 'json'],
    ...(process.env['WEFT_TEST_REPORT'] === undefined ? {} : {outputFile: {json: process.env['WEFT_TEST_REPORT']}}),
    // A test left behind with `only` must not hide the others.
    allowOnly: !ci,
    projects: [
      {
        test: {
          name: 'unit',
          retry,
          // One load of the modules serves all files, in half the time of fresh ones: keep no state in them, and undo what a test changes.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{process,container,jupyter}.test.ts'],
          testTimeout: soak ? 1_800_000 : 10_000,
          hookTimeout: soak ? 600_000 : 10_000,
          sequence: {groupOrder: 0},
        },
      },
      {
        test: {
          name: 'process',
          retry,
          include: ['test/**/*.process.test.ts'],
          globalSetup: ['test/rig/built.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: {groupOrder: 1},
        },
      },
      {
        test: {
          name: 'jupyter',
          retry,
          include: ['test/**/*.jupyter.test.ts'],
          globalSetup: ['test/rig/built.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
          sequence: {groupOrder: 2},
        },
      },
      {
        test: {
          name: 'container',
          retry,
          include: ['test/**/*.container.test.ts'],
          globalSetup: ['test/rig/built.ts', 'test/rig/engines/start.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: {groupOrder: 3},
        },
      },
    ],
  },
});
