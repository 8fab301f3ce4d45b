import {rmSync} from 'node:fs';
import {afterAll, afterEach, beforeAll} from 'vitest';
import type {Kernel} from '../../rig/kernel.js';
import {refused, run, simulatedRoot, stackKernel} from './simulated-root.js';

const remove = (directory: string): void => rmSync(directory, {recursive: true, force: true, maxRetries: 3});

/** A kernel with a simulated stack for all tests of a file, there while they run. */
export interface SharedStack {
  readonly directory: () => string;
  readonly kernel: () => Kernel;
  /** Runs a cell that must succeed, and gives the text of its result. */
  readonly run: (code: string) => Promise<string>;
  /** Runs a cell that must be refused, and gives its diagnostics. */
  readonly refused: (code: string) => Promise<string>;
  /** `'done'` or what was wrong, as JavaScript shows it, of the future of a name once it has ended. */
  readonly outcome: (name: string) => Promise<string>;
}

/** Makes one before the tests of the file that asks, and removes it after them. */
export function sharedStack(...cells: readonly string[]): SharedStack {
  let directory: string;
  let kernel: Kernel;
  beforeAll(async () => {
    directory = simulatedRoot();
    kernel = await stackKernel(directory);
    for (const cell of cells) await run(kernel, cell);
  });
  afterAll(async () => {
    await kernel[Symbol.asyncDispose]();
    remove(directory);
  });
  return {
    directory: () => directory,
    kernel: () => kernel,
    run: code => run(kernel, code),
    refused: code => refused(kernel, code),
    outcome: name => run(kernel, `await ${name}.then(() => "done", error => error.message)`),
  };
}

/** What makes roots, each of which is removed after the test of this file that asked for it. */
export function rootsOfTests(): () => string {
  const made: string[] = [];
  afterEach(() => made.splice(0).forEach(remove));
  return () => {
    const directory = simulatedRoot();
    made.push(directory);
    return directory;
  };
}
