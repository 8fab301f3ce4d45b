import type {LineContext} from '../../kernel/session/magic.js';
import {hasFlag} from '../task-options.js';
import {lineMagic} from './line-magic.js';

/** What `%container` was told last, for `%container` alone and `%container --refresh`. */
interface Told {
  /** As typed: the key of its pin. */
  readonly text: string;
  readonly said: readonly string[];
}

/** Where it is kept for the notebook's life. */
const STATE = 'container';

/** `%container [RUNTIME:]REF | none | auto [--refresh]`: where the tasks of the cells below run (LANGUAGE 12). */
export const containerMagic = lineMagic(
  {
    name: 'container',
    summary: 'says in which container tasks run, or `none`; --refresh asks again what the name means',
    example:
      '%container podman:lsstsqre/centos:7-stack-lsst_distrib-w_2020_14\n%container apptainer:images/stack.sif\n%container none',
    options: {refresh: 'none'},
  },
  async (line, context) => {
    const words = await context.fill(line);
    if (!words.ok) return words.error;
    const [typed, extra] = words.value;
    const {settings, state} = context;
    const refresh = hasFlag(line, 'refresh');
    if (extra !== undefined)
      return [
        {
          code: 'W8013',
          severity: 'error',
          span: line.words[1]?.span ?? line.span,
          message: `\`${extra}\` stands behind the image`,
          hint: '`%container` takes one image: quote a path that has blanks',
        },
      ];
    const told = settings.container === undefined ? undefined : (state.get(STATE) as Told | undefined);
    if (typed?.trim() === 'none') {
      settings.container = undefined;
      state.delete(STATE);
      context.stream('stdout', HOST);
      return undefined;
    }
    if (typed?.trim() === 'auto') {
      const runtime = await context.containers.auto(context.signal);
      const which = runtime.ok
        ? `auto is ${runtime.value}: \`%container IMAGE\` takes it`
        : `no container runtime works here: ${runtime.error}`;
      context.stream('stdout', `${which}\n${holds(context, told)}`);
      return undefined;
    }
    if (typed === undefined && !refresh) {
      context.stream('stdout', holds(context, told));
      return undefined;
    }
    const text = typed ?? told?.text;
    if (text === undefined)
      return [
        {
          code: 'W8013',
          severity: 'error',
          span: line.span,
          message: 'tasks run on the host: there is no image to ask for again',
          hint: 'name it: `%container [RUNTIME:]IMAGE --refresh`',
        },
      ];
    const pinned = await context.containers.pin(text, {
      refresh,
      signal: context.signal,
      line: progress => context.stream('stdout', `${progress}\n`),
    });
    if (!pinned.ok) return [{...pinned.error, span: line.words[0]?.span ?? line.span}];
    const {container, said} = pinned.value;
    settings.container = container;
    state.set(STATE, {text, said} satisfies Told);
    context.stream('stdout', `${said.join('\n')}\n`);
    return undefined;
  },
);

const HOST = 'tasks run on the host, in the environment of %setup\n';

function holds({settings: {container}}: LineContext, told: Told | undefined): string {
  if (container === undefined) return HOST;
  const {text = `${container.runtime}:${container.reference}`, said = []} = told ?? {};
  return [`tasks run in ${text}`, ...said, ''].join('\n');
}
