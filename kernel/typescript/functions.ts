import {basename} from 'node:path';
import {described, setOf, toJson} from './encode.js';
import {heldBy} from './future.js';
import type {Future} from './future.js';
import type {Futures} from './futures.js';
import type {FutureKind, FutureRef} from './messages.js';
import type {FutureSet} from './set.js';

type Options = Readonly<Record<string, unknown>>;

/** The functions of the notebook that make tasks. Each gives its handle at once, and sends its arguments in order. */
export function taskFunctions(futures: Futures): Readonly<Record<string, (...values: never[]) => unknown>> {
  const call = (
    made: Omit<FutureRef, 'id'>,
    name: string,
    values: readonly (readonly [place: string, value: unknown])[],
  ): Future | FutureSet => {
    const given = values.filter(([, value]) => value !== undefined);
    return futures.call(
      made,
      name,
      given.map(([place, value]) => toJson(value, place, futures)),
    );
  };
  const script = (language: string) => (text: string, options?: Options) => {
    checkText(text, language, 'a script');
    checkOptions(options, language);
    const out = options?.['out'] !== undefined;
    const kind: FutureKind = options?.['value'] === true ? 'value' : 'files';
    const made = {name: nameOf(options, language), kind, ...(kind === 'value' && out && {files: true})};
    return call(made, language, [
      ['script', text],
      ['options', options],
    ]);
  };
  const command = (language: string) => (task: string, options?: Options) => {
    checkText(task, language, 'the name of a task');
    checkOptions(options, language);
    return call({name: nameOf(options, basename(task, '.py')), kind: 'repo'}, language, [
      ['task', task],
      ['options', options],
    ]);
  };
  return {
    lsst: command('lsst'),
    pipetask: (task: string | Options, options?: Options) => {
      const name = typeof task === 'string' ? 'pipetask' : nameOf(task, 'pipetask');
      return call({name: nameOf(options, name), kind: 'repo'}, 'pipetask', [
        ['task', task],
        ['options', options],
      ]);
    },
    bash: script('bash'),
    python: script('python'),
    join: (members: unknown, options?: Options) => {
      checkOptions(options, 'join');
      if (typeof members !== 'object' || members === null) {
        throw new TypeError(`join takes an array, an object, a Map or a set of futures, not ${described(members)}`);
      }
      return call({name: nameOf(options, 'join'), kind: kindOf(members)}, 'join', [
        ['members', members],
        ['options', options],
      ]);
    },
    repo: (directory: string, options?: Options) => {
      checkText(directory, 'repo', 'a directory');
      return call({name: nameOf(options, 'repo'), kind: 'repo'}, 'repo', [
        ['directory', directory],
        ['options', options],
      ]);
    },
    all: (members: unknown) => {
      if (typeof members !== 'object' || members === null) {
        throw new TypeError(`all takes an array, an object or a Map of futures, not ${described(members)}`);
      }
      if (heldBy(members)) return members;
      const set = setOf(members, 'all', futures);
      if (set === undefined) {
        const entries: [unknown, unknown][] =
          members instanceof Map ? [...(members as Map<unknown, unknown>)] : Object.entries(members);
        const [key] = entries.find(([, each]) => !heldBy(each)) ?? [];
        throw new TypeError(`all takes futures only, and [${JSON.stringify(key)}] is none`);
      }
      futures.refOf(set);
      return set;
    },
  };
}

function nameOf(options: Options | undefined, name: string): string {
  return typeof options?.['as'] === 'string' ? options['as'] : name;
}

function checkText(value: unknown, name: string, what: string): void {
  if (typeof value !== 'string') throw new TypeError(`${name} takes ${what} as a string, not ${described(value)}`);
}

function checkOptions(value: unknown, name: string): void {
  const fits =
    value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value) && !heldBy(value));
  if (!fits) throw new TypeError(`${name} takes its options as an object`);
}

/** The kind that a join of these has: that of its first member. */
function kindOf(members: object): FutureKind {
  const held = heldBy(members);
  if (held) {
    const ref = held.futures.current(held.ref);
    const [first] = ref.members ?? [];
    if (ref.kind !== 'set') return ref.kind;
    return first ? kindOf(held.futures.handle(first.future)) : (ref.member ?? 'repo');
  }
  const values: unknown[] =
    members instanceof Map ? [...(members as Map<unknown, unknown>).values()] : Object.values(members);
  const first = values.find(heldBy);
  return first ? kindOf(first) : 'repo';
}
