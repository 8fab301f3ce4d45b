import {relative, resolve} from 'node:path';
import type {Digest} from '../../kernel/fingerprint/fingerprint.js';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import type {Container} from '../../kernel/graph/container.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {MagicContext, Problem, Row, SetupProbe} from '../../kernel/session/magic.js';
import type {Content} from '../../kernel/graph/work.js';
import {hostPathOf, mountsOf} from '../mounted.js';
import {mutableProblems} from '../mutable.js';
import {placementNotes} from '../task-options.js';
import {normalArguments, readArguments, type Argument, type NormalArguments} from './arguments.js';
import type {CatalogueEntry} from './catalogue.js';
import type {ArgumentWord, LsstCall, Parent} from './lsst-call.js';
import {pointerProblems} from './lfs-pointer.js';
import {parentProblems} from './parents.js';
import {readPasted} from './pasted.js';
import {codeOf, findProgram, programsOf} from './program.js';
import {readRoot, type RootRepository} from './root-repository.js';
import {contentsOf, hostOf, expandWords} from './word-files.js';

/** All of a task that is known when its cell has run: files are read by now. */
export interface Plan {
  readonly call: LsstCall;
  readonly row: Row;
  readonly entry: CatalogueEntry;
  readonly program: string;
  /** The container in which it runs; undefined: the host. */
  readonly container: Container | undefined;
  /** What is run: the image, and the executable by content where it lies on the host. */
  readonly code: JsonObject;
  /** Undefined: that of the parents. */
  readonly root: RootRepository | undefined;
  readonly parents: readonly Parent[];
  /** The person's rerun in which it runs. */
  readonly rerun: string | undefined;
  readonly args: readonly Argument[];
  readonly normal: NormalArguments;
  /** Contents of files that the arguments name: of configurations, and for a task that changes the root of all. */
  readonly files: ReadonlyMap<string, Digest>;
  readonly sources: Readonly<Record<string, Digest>>;
  /** The same, what the task only reads of the files, its program and products of a person's own, by the paths on the host. */
  readonly contents: ReadonlyMap<string, Digest | Content>;
  readonly environment: Readonly<Record<string, string>>;
  readonly setup: SetupProbe;
  /** What tells it apart from others of its name. */
  readonly key: string;
}

/** Reads everything that a call means, and says all that is wrong with it at once. */
export async function planLsst(
  call: LsstCall,
  row: Row,
  key: string,
  context: MagicContext,
): Promise<Result<{readonly plan: Plan; readonly notes: readonly Problem[]}, readonly Problem[]>> {
  const problems: Problem[] = [...call.problems];
  const inside = await context.container(call.options.container);
  if (!inside.ok) {
    // What its words mean is not known then, but where it would run is.
    const root = call.repo === undefined ? ok(undefined) : findRoot(call, undefined, call.from, context);
    return fail([...problems, inside.error, ...(root.ok ? [] : [root.error])]);
  }
  const container = inside.value;
  const setup = await context.setup(container);
  if (!setup.ok) return fail([...problems, setup.error]);
  const {environment} = setup.value;
  const view = container === undefined ? [] : mountsOf(context);
  const filled = call.words(environment);
  problems.push(...filled.problems);
  const pasted = readPasted(call.task, filled.words, {
    ...(call.rerun === undefined ? {} : {rerun: call.rerun}),
    from: call.from.length > 0,
    split: call.split !== undefined,
  });
  if (pasted !== undefined) problems.push(...pasted.problems);
  const found: ReturnType<typeof findProgram> =
    call.task === ''
      ? {problems: []}
      : findProgram(call.task, call.mutates, programsOf(setup.value, container), call.taskSpan);
  problems.push(...found.problems);
  const rerun = call.rerun ?? pasted?.rerun;
  const parents: readonly Parent[] =
    call.from.length > 0 || pasted?.parent === undefined ? call.from : [{is: 'rerun', name: pasted.parent}];
  problems.push(...parentProblems(parents, rerun !== undefined));
  const root = findRoot(call, pasted?.root, parents, context);
  if (!root.ok) problems.push(root.error);
  const words = await expandWords(pasted?.words ?? filled.words, call, view, context, problems);
  const args = readArguments(words);
  const normal = normalArguments(args);
  problems.push(...normal.problems);
  const entry = found.program?.entry;
  const at = call.bodySpan ?? call.taskSpan;
  if (
    entry?.id === true &&
    args.every(({name}) => name !== 'id') &&
    normal.value.show.length === 0 &&
    filled.problems.length === 0
  ) {
    problems.push({
      code: 'W5003',
      severity: 'error',
      message: `\`${call.task}\` does nothing without \`--id\``,
      hint: 'write `--id` for all data, or `--id visit=903334 ccd=16`',
      ...(at === undefined ? {} : {span: at}),
    });
  }
  if (entry?.root === true && (call.split !== undefined || rerun !== undefined)) {
    problems.push({
      code: 'W5012',
      severity: 'error',
      message: `\`${call.task}\` changes the root: it has no ${rerun === undefined ? 'parts' : 'rerun'}`,
      hint: `leave out \`--${rerun === undefined ? 'split' : 'rerun'}\``,
      ...(call.taskSpan === undefined ? {} : {span: call.taskSpan}),
    });
  }
  if (entry !== undefined && call.split !== undefined && printsOnly(entry, normal.value)) {
    problems.push({
      code: 'W5012',
      severity: 'error',
      message: `\`${call.task}\` only prints here: that has no parts`,
      hint: 'leave out `--split`, or what makes it print (`--show`)',
      ...(call.taskSpan === undefined ? {} : {span: call.taskSpan}),
    });
  }
  if (entry?.root === true)
    problems.push(
      ...pointerProblems(
        call,
        args.flatMap(({values}) => values),
        context.directory,
      ),
    );
  const files = await contentsOf(normal.value, args, entry?.root === true, container, view, context, problems);
  const sources: Record<string, Digest> = {};
  const contents = new Map<string, Digest | Content>(setup.value.trees);
  // What goes into the root may be moved there.
  if (entry?.root !== true) for (const [word, digest] of files) contents.set(hostOf(word, view, context), digest);
  for (const path of [...context.settings.code].sort()) {
    const digest = await context.digest(path);
    if (digest.ok) {
      sources[relative(context.directory, path)] = digest.value;
      contents.set(path, digest.value);
    } else problems.push({code: 'W7002', severity: 'error', message: `\`%code\`: ${digest.error}`});
  }
  problems.push(...placedProblems(words, call, context));
  const placed = context.placeholders(words.map(({text}) => text).join('\n'));
  if (placed.mangled !== undefined)
    problems.push({
      code: 'W9003',
      severity: 'error',
      message: `\`${placed.mangled}\` is a future's placeholder that was changed`,
      hint: 'use the future itself, or await it first',
    });
  if (
    problems.some(({severity}) => severity === 'error') ||
    found.program === undefined ||
    !root.ok ||
    entry === undefined
  )
    return fail(problems);
  const code = await codeOf(found.program.path, container, view, environment, context);
  if (!code.ok) return fail([{code: 'W5007', severity: 'error', message: code.error}]);
  const host = container === undefined ? found.program.path : hostPathOf(found.program.path, view);
  const own = host === undefined ? undefined : await context.digest(host);
  if (host !== undefined && own?.ok === true) contents.set(host, own.value);
  const plan: Plan = {
    call,
    row,
    entry,
    program: found.program.path,
    container,
    code: code.value,
    root: root.value,
    parents,
    rerun,
    args,
    normal: normal.value,
    files,
    sources,
    contents,
    environment: Object.fromEntries(context.settings.environment),
    setup: setup.value,
    key,
  };
  return ok({plan, notes: [...problems, ...placementNotes(call.options, container, context.settings)]});
}

/** Whether a task makes no data, but prints. */
export const printsOnly = (entry: CatalogueEntry, normal: NormalArguments): boolean =>
  entry.prints || showsOnly(normal);

/** Whether a task is asked to show something instead of running. */
export const showsOnly = ({show}: NormalArguments): boolean => show.length > 0 && !show.includes('run');

/** Words that name a future whose result may change at any time. */
function placedProblems(words: readonly ArgumentWord[], call: LsstCall, context: MagicContext): readonly Problem[] {
  return words.flatMap(({text, span = call.bodySpan}) =>
    mutableProblems([], context.placeholders(text).nodes).map((problem): Problem => ({
      ...problem,
      ...(span === undefined ? {} : {span}),
    })),
  );
}

function findRoot(
  call: LsstCall,
  pasted: ArgumentWord | undefined,
  parents: readonly Parent[],
  context: MagicContext,
): Result<RootRepository | undefined, Problem> {
  const named = call.repo === undefined ? context.settings.repo : resolve(context.directory, call.repo);
  const at = pasted?.span ?? call.taskSpan;
  const place = at === undefined ? {} : {span: at};
  const typed = call.repoSpan ?? at;
  if (pasted !== undefined) {
    const path = resolve(context.directory, pasted.text);
    if (named === undefined)
      return fail({
        code: 'W5006',
        severity: 'error',
        message: `the pasted command runs on \`${pasted.text}\`, but no repository is named`,
        hint: `run \`%repo ${pasted.text}\` in a cell before`,
        ...place,
      });
    if (path !== named)
      return fail({
        code: 'W5008',
        severity: 'error',
        message: `the pasted command runs on \`${pasted.text}\`, but the repository is ${named}`,
        hint: `run \`%repo ${pasted.text}\` in a cell before, or leave the root out`,
        ...place,
      });
  }
  if (named === undefined) {
    if (parents.some(parent => parent.is === 'source')) return ok(undefined);
    return fail({
      code: 'W5006',
      severity: 'error',
      message: 'no repository is named',
      hint: 'run `%repo DATA` in a cell before',
      ...place,
    });
  }
  const root = readRoot(named);
  return root.ok
    ? root
    : fail({
        code: 'W7005',
        severity: 'error',
        message: root.error,
        hint: root.error.startsWith('there is no directory')
          ? 'name a root repository that is there'
          : `make it one: \`!echo lsst.obs.hsc.HscMapper > ${named}/_mapper\``,
        ...(typed === undefined ? {} : {span: typed}),
      });
}
