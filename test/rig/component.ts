/** Something of the machine that a test needs and a user need not have: a browser, Python's Jupyter, Slurm. */
export interface Component<T> {
  /** As a person calls it: "Chromium". */
  readonly name: string;
  /** What was found, or why nothing was. */
  readonly found: {readonly ok: true; readonly value: T} | {readonly ok: false; readonly why: string};
}

/** What is missing, in one line; undefined if all is there. */
export function missing(components: readonly Component<unknown>[]): string | undefined {
  const lines = components.flatMap(({name, found}) => (found.ok ? [] : [`${name}: ${found.why}`]));
  return lines.length === 0 ? undefined : lines.join('; ');
}

/** What is wrong with the rest of a suite: `skip` on somebody's machine, `fail` in CI, where all is installed. */
export function verdict(
  components: readonly Component<unknown>[],
  environment: NodeJS.ProcessEnv = process.env,
): 'run' | 'skip' | 'fail' {
  if (missing(components) === undefined) return 'run';
  return environment['CI'] === 'true' ? 'fail' : 'skip';
}

/**
 * Call it first in a test (or a `beforeEach`), with the test's own context. A missing component skips the test with a clear
 * line on somebody's machine, and fails it where CI=true.
 */
export function need(context: {skip: (note?: string) => never}, ...components: readonly Component<unknown>[]): void {
  const is = verdict(components);
  if (is === 'fail') throw new Error(`not on this machine: ${missing(components) ?? ''}`);
  if (is === 'skip') context.skip(`not on this machine: ${missing(components) ?? ''}`);
}

/** The value of a component that {@link need} has let through. */
export function found<T>(component: Component<T>): T {
  if (!component.found.ok) throw new Error(`${component.name}: ${component.found.why}`);
  return component.found.value;
}
