import type {Digest} from '../fingerprint/fingerprint.js';
import type {MagicShape} from '../cell/syntax.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {CellMagic} from './cell-magic.js';
import {once} from './cell-names.js';
import type {LineMagic, MagicContext, Problem, ProbePlace, SetupProbe, TaskMagic} from './magic.js';
import type {TaskNode} from './node.js';

/** The magics of a kernel: given by the entry point, so that the kernel knows none by name. */
export interface Registry {
  readonly tasks: readonly TaskMagic<unknown>[];
  readonly lines: readonly LineMagic[];
  /** Those that run in the foreground. */
  readonly cells: readonly CellMagic[];
  /** Names that no cell can bind: the functions of LANGUAGE 13. */
  readonly ownNames: readonly string[];
  /** TypeScript declarations of these functions, for completion and the check of types. */
  readonly declarations: string;
  /** Runs the set-up text and reads what it makes. */
  probe(input: {
    readonly text: string;
    readonly directory: string;
    readonly environment: Readonly<Record<string, string | undefined>>;
    /** Absent: on the host. */
    readonly inside?: ProbePlace;
    /** sha256 of a file, through the stat cache. */
    digest(path: string): Promise<Result<Digest, string>>;
  }): Promise<Result<SetupProbe, Problem>>;
}

/** `%%foreach` reads its own line; its body is that of the magic below it, or TypeScript. */
export const FOREACH: MagicShape = {name: 'foreach', use: 'cell', options: {}, raw: true, body: 'inner'};

/** The shapes of all magics, for the parser. */
export const shapesOf = (registry: Registry): readonly MagicShape[] => [
  FOREACH,
  ...registry.tasks.map(magic => magic.shape),
  ...registry.cells.map(magic => magic.shape),
  ...registry.lines.map(magic => magic.shape),
];

/**
 * Plans the task of a function call: `bash(script, options)`. `name` says which function.
 * @param wrong what is known to be wrong with it: then nothing is planned, and all that is wrong is said
 */
export async function planCall(
  registry: Registry,
  name: string,
  values: readonly JsonValue[],
  context: MagicContext,
  plan: (draft: Parameters<MagicContext['plan']>[0]) => TaskNode,
  wrong: readonly Problem[] = [],
): Promise<Result<TaskNode, readonly Problem[]>> {
  const magic = registry.tasks.find(task => task.shape.name === name);
  if (magic === undefined)
    return fail([
      {
        code: 'W9004',
        severity: 'error',
        message: `\`${name}\` makes no task in this version`,
        hint: `these do: ${registry.tasks.map(({shape}) => shape.name).join(', ')}`,
      },
    ]);
  const {call, problems: read} = magic.readCall(values, context);
  const problems = [...wrong, ...read];
  if (call === undefined || problems.some(problem => problem.severity === 'error'))
    return fail(once([...problems, ...((call !== undefined && (await magic.also?.(call, {}, context))) || [])]));
  const draft = await magic.draft(call, {}, context);
  return draft.ok ? ok(plan(draft.value)) : draft;
}
