import {existsSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {fail, type Result} from '../../graph/result.js';
import type {Asked} from './choose-runtime.js';
import {nestedProblem} from './inside-container.js';
import {isPathSyntax} from './reference.js';
import type {ContainerProblem, Presence, Probing, Runtime} from './runtime.js';

/** A probe without a limit of its own is given up after so many milliseconds; what prints progress may take as long as it likes. */
const PROBE_LIMIT = 60_000;

/** Asks runtimes of an image; keeps which of them are there. */
export class AskRuntimes {
  readonly #probing: Probing;
  readonly #directory: string;
  readonly #present = new Map<string, Promise<Result<Presence, ContainerProblem>>>();

  /** @param directory what relative paths mean */
  constructor(probing: Probing, directory: string) {
    this.#probing = probing;
    this.#directory = directory;
  }

  /** What to ask of one reference, until the signal. */
  about(reference: string, signal: AbortSignal): Asked {
    const {run, environment} = this.#probing;
    const probing: Probing = {
      ...this.#probing,
      run: (command, options = {}) =>
        run(command, {signal, ...(options.line === undefined ? {limit: PROBE_LIMIT} : {}), ...options}),
    };
    const home = environment['HOME'];
    const path = resolve(
      this.#directory,
      reference.startsWith('~/') && home !== undefined ? join(home, reference.slice(2)) : reference,
    );
    const isPath = isPathSyntax(reference) || reference.startsWith('~/');
    const isThere = !isPath && !reference.includes(':') && isImagePlace(path);
    return {
      probing,
      referenceFor: runtime => (isPath || (isThere && (runtime.owns?.(path) ?? false)) ? path : reference),
      present: runtime => this.#isPresent(runtime, probing),
    };
  }

  #isPresent(runtime: Runtime, probing: Probing): Promise<Result<Presence, ContainerProblem>> {
    let known = this.#present.get(runtime.name);
    if (known === undefined) {
      known = presentHere(runtime, probing);
      this.#present.set(runtime.name, known);
      // What is not there may come: an engine that is started, a module that is loaded.
      void known.then(({ok}) => ok || this.#present.delete(runtime.name));
    }
    return known;
  }
}

/** Whether a runtime works here; where it doesn't because the kernel is in a container itself, the error says so. */
async function presentHere(runtime: Runtime, probing: Probing): Promise<Result<Presence, ContainerProblem>> {
  const {name} = runtime;
  const never = nestedProblem(name, probing.environment, existsSync);
  if (never !== undefined) return fail(never);
  const presence = await runtime.present(probing);
  return presence.ok
    ? presence
    : fail(nestedProblem(name, probing.environment, existsSync, presence.error) ?? presence.error);
}

/** A directory of an unpacked image: a directory that happens to have an image's name is none. */
const isImagePlace = (path: string): boolean =>
  ['ch', '.singularity.d', 'usr', 'bin'].some(name => existsSync(join(path, name)));
