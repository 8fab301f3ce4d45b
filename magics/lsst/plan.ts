import {statSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {isAbsolute, relative, resolve} from 'node:path';
import {bodyWords} from '../../kernel/cell/words.js';
import type {Digest} from '../../kernel/fingerprint/fingerprint.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {MagicContext, Problem, Row, SetupProbe} from '../../kernel/session/magic.js';
import {mutableProblems} from '../mutable.js';
import {matchGlob} from '../script-inputs.js';
import {normalArguments, readArguments, type Argument, type NormalArguments} from './arguments.js';
import type {CatalogueEntry} from './catalogue.js';
import type {ArgumentWord, LsstCall, Parent} from './lsst-call.js';
import {pointerProblems} from './lfs-pointer.js';
import {parentProblems} from './parents.js';
import {readPasted} from './pasted.js';
import {findProgram} from './program.js';
import {readRoot, type RootRepository} from './root-repository.js';

/** All of a task that is known when its cell has run: files are read by now. */
export interface Plan {
  readonly call: LsstCall;
  readonly row: Row;
  readonly entry: CatalogueEntry;
  readonly program: string;
  /** sha256 of the executable. */
  readonly code: Digest;
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
  const setup = await context.setup();
  if (!setup.ok) return fail([...problems, setup.error]);
  const {environment} = setup.value;
  const filled = call.words(environment);
  problems.push(...filled.problems);
  const pasted = readPasted(call.task, filled.words);
  if (pasted !== undefined) problems.push(...pasted.problems);
  const found: ReturnType<typeof findProgram> =
    call.task === '' ? {problems: []} : findProgram(call.task, call.mutates, environment['PATH'] ?? '', call.taskSpan);
  problems.push(...found.problems);
  const rerun = call.rerun ?? pasted?.rerun;
  const parents: readonly Parent[] =
    call.from.length > 0 || pasted?.parent === undefined ? call.from : [{is: 'rerun', name: pasted.parent}];
  problems.push(...parentProblems(parents, rerun !== undefined));
  const root = findRoot(call, pasted?.root, parents, context);
  if (!root.ok) problems.push(root.error);
  const words = await expandWords(pasted?.words ?? filled.words, call, context, problems);
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
  if (entry?.root === true)
    problems.push(
      ...pointerProblems(
        call,
        args.flatMap(({values}) => values),
        context.directory,
      ),
    );
  const files = await contents(normal.value, args, entry?.root === true, context, problems);
  const sources: Record<string, Digest> = {};
  for (const path of [...context.settings.code].sort()) {
    const digest = await context.digest(path);
    if (digest.ok) sources[relative(context.directory, path)] = digest.value;
    else problems.push({code: 'W7002', severity: 'error', message: `\`%code\`: ${digest.error}`});
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
  const code = await context.digest(found.program.path);
  if (!code.ok)
    return fail([
      {code: 'W5007', severity: 'error', message: `\`${found.program.path}\` can't be read: ${code.error}`},
    ]);
  const plan: Plan = {
    call,
    row,
    entry,
    program: found.program.path,
    code: code.value,
    root: root.value,
    parents,
    rerun,
    args,
    normal: normal.value,
    files,
    sources,
    environment: Object.fromEntries(context.settings.environment),
    setup: setup.value,
    key,
  };
  return ok({plan, notes: problems});
}

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
        hint: `make it one: \`!echo lsst.obs.hsc.HscMapper > ${named}/_mapper\``,
        ...place,
      });
}

/** Expands globs and argument files (`@file`). */
async function expandWords(
  words: readonly ArgumentWord[],
  call: LsstCall,
  context: MagicContext,
  problems: Problem[],
): Promise<readonly ArgumentWord[]> {
  const result: ArgumentWord[] = [];
  const wrong = (message: string, word: ArgumentWord): void => {
    problems.push({
      code: 'W7001',
      severity: 'error',
      message,
      hint: `it is looked for from ${context.directory}`,
      ...(word.span === undefined ? {} : {span: word.span}),
    });
  };
  for (const word of words) {
    const span = word.span === undefined ? {} : {span: word.span};
    if (word.glob && !word.text.includes('=') && !/^-[^\d]/.test(word.text)) {
      const base = isAbsolute(word.text) ? '/' : context.directory;
      const names = matchGlob(base, isAbsolute(word.text) ? word.text.slice(1) : word.text);
      if (names.length === 0 && !call.options.allowEmpty) wrong(`\`${word.text}\` matches no file`, word);
      for (const name of names) result.push({text: base === '/' ? `/${name}` : name, glob: false, ...span});
    } else if (/^@./.test(word.text)) {
      const text = await readFile(resolve(context.directory, word.text.slice(1)), 'utf8').catch(() => undefined);
      if (text === undefined) wrong(`there is no file \`${word.text.slice(1)}\``, word);
      for (const inner of bodyWords(text ?? '').value) {
        result.push({
          text: inner.pieces
            .map(piece =>
              piece.is === 'text' ? piece.text : piece.is === 'variable' ? `$${piece.name}` : `\${${piece.code}}`,
            )
            .join(''),
          glob: false,
          ...span,
        });
      }
    } else result.push(word);
  }
  return result;
}

async function contents(
  normal: NormalArguments,
  args: readonly Argument[],
  all: boolean,
  context: MagicContext,
  problems: Problem[],
): Promise<ReadonlyMap<string, Digest>> {
  const files = new Map<string, Digest>();
  const add = async (word: ArgumentWord, must: boolean): Promise<void> => {
    if (files.has(word.text) || word.text.includes('/weft:')) return;
    const path = resolve(context.directory, word.text);
    if (!must && !isThere(path)) return;
    const digest = await context.digest(path);
    if (digest.ok) files.set(word.text, digest.value);
    else
      problems.push({
        code: 'W7001',
        severity: 'error',
        message: `there is no file \`${word.text}\``,
        hint: `it is looked for from ${context.directory}`,
        ...(word.span === undefined ? {} : {span: word.span}),
      });
  };
  for (const {is, word} of normal.config) if (is === 'file') await add(word, true);
  if (all) for (const {values} of args) for (const word of values) await add(word, false);
  return files;
}

function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
