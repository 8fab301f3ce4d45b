import {inject} from 'vitest';
import type {Component} from '../component.js';

/** An engine that runs for the whole test run, with the simulated stack's image in it. */
export interface GivenEngine {
  readonly program: string;
  /** What its client needs in the environment, besides what the tests have. */
  readonly env: Readonly<Record<string, string>>;
}

/** What start.ts gives to the tests. All of it is shared: a test removes what it made, and nothing else. */
export interface Engines {
  readonly podman: Component<GivenEngine>;
  readonly docker: Component<GivenEngine>;
  readonly charliecloud: Component<GivenEngine>;
  readonly bubblewrap: Component<GivenEngine>;
  /** The simulated stack's image: its name in podman and docker, and its unpacked directory for the other two. */
  readonly image: Component<{readonly name: string; readonly directory: string}>;
}

declare module 'vitest' {
  interface ProvidedContext {
    engines: Engines;
  }
}

/** The engines of this run, each with why it is absent if it is. For tests named `*.container.test.ts`. */
export function givenEngines(): Engines {
  const engines = inject('engines') as Engines | undefined;
  if (engines === undefined) throw new Error('only tests named *.container.test.ts are given engines');
  return engines;
}
