import type {MagicLine} from '../cell/syntax.js';
import type {Span} from '../cell/source.js';
import {fail, type Result} from '../graph/result.js';
import type {CommEnd, CommTarget} from '../wire/comms.js';
import type {LineMagic, Problem, TaskMagic} from './magic.js';
import {faultOf} from './module-fault.js';

/** Runs work of an extension; rejects when it throws, and when it was ended by force. */
export type Guard = <T>(work: () => T | Promise<T>) => Promise<T>;

/** An error that says which extension failed, and where. */
export function fault(extension: string, what: string, thrown: unknown): Problem {
  const {message, place} = faultOf(thrown);
  const hint = place === undefined ? {} : {hint: `at ${place}`};
  return {code: 'W9104', severity: 'error', message: `${what} of \`${extension}\` failed: ${message}`, ...hint};
}

/** Why an object is no magic, or undefined. What comes from outside is looked at before it is used. */
export function magicFault(magic: unknown, of: 'line' | 'task'): string | undefined {
  const given = magic as Partial<TaskMagic<unknown> & LineMagic> | null | undefined;
  const {shape} = given ?? {};
  if (typeof shape?.name !== 'string' || !/^[\p{L}_][\w-]*$/u.test(shape.name)) return 'its `shape` has no name';
  const {name} = shape;
  if (typeof shape.options !== 'object' || Object.values(shape.options).some(takes => !/^(none|one|many)$/.test(takes)))
    return `the \`shape.options\` of \`${name}\` are no object of none, one or many`;
  if (of === 'line' ? shape.use !== 'line' : shape.use !== 'cell')
    return `the \`shape.use\` of \`${name}\` is not \`${of === 'line' ? 'line' : 'cell'}\``;
  if (!/^(arguments|script|none)$/.test(shape.body))
    return `the \`shape.body\` of \`${name}\` is not arguments, script or none`;
  if (typeof given?.summary !== 'string' || typeof given.example !== 'string')
    return `\`${name}\` has no \`summary\` or no \`example\``;
  const wanted =
    of === 'line' ? (['run'] as const) : (['kindOf', 'defaultName', 'wants', 'read', 'readCall', 'draft'] as const);
  const absent = wanted.find(method => typeof given[method] !== 'function');
  return absent === undefined ? undefined : `\`${name}\` has no function \`${absent}\``;
}

/** A line magic whose faults are errors of its line. */
export const guardedLine = (magic: LineMagic, extension: string, guard: Guard): LineMagic => ({
  shape: magic.shape,
  summary: magic.summary,
  example: magic.example,
  run: (line, context) =>
    guard(() => magic.run(line, context)).then(
      ran => resultOf(ran),
      (thrown: unknown) => fail([fault(extension, `\`%${magic.shape.name}\``, thrown)]),
    ),
});

/** Nothing is a success too, and problems need not say what all of these are. */
function resultOf(ran: Result<undefined, readonly Problem[]> | undefined): Result<undefined, readonly Problem[]> {
  return ran === undefined || ran.ok ? {ok: true, value: undefined} : fail(completed(ran.error));
}

const completed = (problems: readonly Partial<Problem>[]): readonly Problem[] =>
  problems.map(problem => ({
    ...problem,
    code: problem.code ?? 'W9104',
    severity: problem.severity ?? 'error',
    message: problem.message ?? 'the extension did not say what is wrong',
  }));

/** A task magic whose faults are errors of its cell. */
export function guardedTask(magic: TaskMagic<unknown>, extension: string, guard: Guard): TaskMagic<unknown> {
  const {name} = magic.shape;
  const problem = (thrown: unknown): Problem => fault(extension, `\`%%${name}\``, thrown);
  const attempt = <T>(work: () => T, otherwise: (thrown: Problem) => T): T => {
    try {
      return work();
    } catch (thrown) {
      return otherwise(problem(thrown));
    }
  };
  const placed = (
    line: MagicLine,
    {message, hint}: Problem,
  ): {code: 'W9104'; severity: 'error'; message: string; span: Span} => ({
    code: 'W9104',
    severity: 'error',
    message: hint === undefined ? message : `${message} ${hint}`,
    span: line.nameSpan,
  });
  const none = {expressions: [], names: []};
  return {
    shape: magic.shape,
    summary: magic.summary,
    example: magic.example,
    ...(magic.deferred === undefined ? {} : {deferred: magic.deferred.bind(magic)}),
    ...(magic.foreground === undefined ? {} : {foreground: magic.foreground.bind(magic)}),
    // These two are asked for by `wants` too, which can say that they failed.
    kindOf: (line, body) =>
      attempt(
        () => magic.kindOf(line, body),
        () => 'files' as const,
      ),
    defaultName: line =>
      attempt(
        () => magic.defaultName(line),
        () => undefined,
      ),
    wants: (line, body, bodySpan, variables) =>
      attempt(
        () => {
          magic.kindOf(line, body);
          magic.defaultName(line);
          return magic.wants(line, body, bodySpan, variables);
        },
        thrown => ({...none, diagnostics: [placed(line, thrown)]}),
      ),
    read: (reading, context) =>
      attempt(
        () => {
          const {call, problems} = magic.read(reading, context);
          return {call, problems: completed(problems)};
        },
        thrown => ({call: undefined, problems: [thrown]}),
      ),
    readCall: (values, context) =>
      attempt(
        () => magic.readCall(values, context),
        thrown => ({call: undefined, problems: [thrown]}),
      ),
    draft: (call, row, context) =>
      guard(() => magic.draft(call, row, context)).then(
        made => (made.ok ? made : fail(completed(made.error))),
        (thrown: unknown) => fail([problem(thrown)]),
      ),
  };
}

/** A comm target whose comms hold up no other one. */
export const guardedTarget =
  (target: CommTarget, guard: Guard): CommTarget =>
  async (comm, opening) => {
    const end = await guard(() => target(comm, opening));
    // An extension may give nothing: then it only speaks.
    const given = end as CommEnd | undefined;
    return {
      message: event => guard(() => given?.message?.(event)),
      closed: event => guard(() => given?.closed?.(event)),
    };
  };
