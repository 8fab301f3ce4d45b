import {fail, ok, type Result} from '../../graph/result.js';
import type {ContainerProblem, FoundImage, Presence, Probing, Runtime} from './runtime.js';

/** A runtime that works here, and what it knows of the image. */
export interface Choice {
  readonly runtime: Runtime;
  /** `podman 4.3.1 (auto: shifter and apptainer are not here)`. */
  readonly said: string;
  /** What the runtime is asked for: the reference, or an absolute path. */
  readonly reference: string;
  readonly found: Result<FoundImage, ContainerProblem>;
}

/** What the choice asks the runtimes. */
export interface Asked {
  readonly present: (runtime: Runtime) => Promise<Result<Presence, ContainerProblem>>;
  /** What this runtime is to be asked for. */
  readonly referenceFor: (runtime: Runtime) => string;
  readonly probing: Probing;
}

/** Why a runtime was passed over. */
interface Passed {
  readonly name: string;
  readonly why: ContainerProblem;
}

/** The runtime that was named, and the image. */
export async function namedRuntime(
  runtime: Runtime,
  {present, referenceFor, probing}: Asked,
): Promise<Result<Choice, ContainerProblem>> {
  const presence = await present(runtime);
  if (!presence.ok) return presence;
  const reference = referenceFor(runtime);
  const found = await runtime.find(reference, probing);
  return ok({runtime, said: presence.value.version, reference, found});
}

/**
 * The first runtime that works here, takes this form of reference, and has the image; where none has it, the first that can fetch it.
 * The error says why none does.
 */
export async function autoRuntime(
  runtimes: readonly Runtime[],
  asked: Asked,
  reference: string,
): Promise<Result<Choice, ContainerProblem>> {
  const owners = runtimes.filter(runtime => runtime.owns?.(asked.referenceFor(runtime)) === true);
  const passed: Passed[] = [];
  let missing: (Choice & {readonly before: number}) | undefined;
  for (const runtime of owners.length > 0 ? owners : runtimes) {
    const choice = await namedRuntime(runtime, asked);
    const why = choice.ok ? (choice.value.found.ok ? undefined : choice.value.found.error) : choice.error;
    if (why === undefined && choice.ok) return ok({...choice.value, said: `${choice.value.said}${autoText(passed)}`});
    if (why === undefined) continue;
    if (choice.ok && why.is === 'image') {
      const fetches = (one: Choice): boolean => one.runtime.pull(one.reference, asked.probing) !== undefined;
      // One that can fetch it is better than one that can't.
      if (missing === undefined || (!fetches(missing) && fetches(choice.value)))
        missing = {...choice.value, before: passed.length};
    }
    passed.push({name: runtime.name, why});
  }
  if (missing !== undefined)
    return ok({...missing, said: `${missing.said}${autoText(passed.slice(0, missing.before))}`});
  const working = passed.find(({why}) => why.is !== 'absent' && why.is !== 'reference');
  if (working !== undefined) return fail(working.why);
  const names = passed.map(({name}) => name);
  if (owners.length > 0)
    return fail({
      is: 'absent',
      message: `no runtime that takes \`${reference}\` is here: that would be ${or(names)}`,
      remedy: `install ${names.length === 1 ? 'it' : 'one of them'}, or name the image in another form: \`lsstsqre/centos:w_2020_14\``,
    });
  if (passed.every(({why}) => why.is === 'absent'))
    return fail({
      is: 'absent',
      message: `no container runtime is here: ${and(names)} ${names.length === 1 ? 'is' : 'are'} not on the PATH`,
      remedy: 'install one (rootless podman needs no rights), or run tasks on the host: `%container none`',
    });
  const refused = passed.find(({why}) => why.is === 'reference');
  if (refused === undefined) throw new Error('Internal error: a runtime was passed over for no reason');
  return fail(refused.why);
}

/** The first runtime that works here, whatever the image; as `%container auto` says it. */
export async function firstRuntime(runtimes: readonly Runtime[], {present}: Asked): Promise<Result<string, string>> {
  const passed: Passed[] = [];
  for (const runtime of runtimes) {
    const presence = await present(runtime);
    if (presence.ok) {
      const reasons = reasonsOf(passed);
      return ok(`${presence.value.version}${reasons === '' ? '' : ` (${reasons})`}`);
    }
    passed.push({name: runtime.name, why: presence.error});
  }
  return fail(reasonsOf(passed));
}

const autoText = (passed: readonly Passed[]): string =>
  passed.length === 0 ? ' (auto)' : ` (auto: ${reasonsOf(passed)})`;

/** `shifter and apptainer are not here; docker: its engine does not answer`. */
function reasonsOf(passed: readonly Passed[]): string {
  const of = (is: ContainerProblem['is']): readonly string[] =>
    passed.filter(({why}) => why.is === is).map(({name}) => name);
  const part = (names: readonly string[], one: string, many: string): readonly string[] =>
    names.length === 0 ? [] : [`${and(names)} ${names.length === 1 ? one : many}`];
  return [
    ...part(of('absent'), 'is not here', 'are not here'),
    ...part(of('reference'), 'takes no such name', 'take no such name'),
    ...part(of('image'), 'has no such image', 'have no such image'),
    ...passed
      .filter(({why}) => !['absent', 'reference', 'image'].includes(why.is))
      .map(({name, why}) => `${name} does not work: ${why.message}`),
  ].join('; ');
}

const listed = (word: string, names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1) ?? ''}`;
const and = (names: readonly string[]): string => listed('and', names);
const or = (names: readonly string[]): string => listed('or', names);
