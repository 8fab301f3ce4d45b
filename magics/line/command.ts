import {execa} from 'execa';
import {fillCommand} from './fill-command.js';
import {lineMagic} from './line-magic.js';

/**
 * `!cmd`: on the host, in the foreground (LANGUAGE 12), in the environment of `%setup` unless that is made in a container. Its status,
 * where it is not 0, is said; it is no error of the cell. What can't be filled in is one, and then nothing runs.
 */
export const commandMagic = lineMagic(
  {name: '!', summary: 'runs a command on the host, in the foreground', example: '!ls DATA', raw: true},
  async (line, context) => {
    const filled = await fillCommand(line.rest, line.restSpan.start, context);
    if (filled === 'interrupted') return undefined;
    if (!filled.ok) return filled.error;
    const {settings} = context;
    const setup = settings.container === undefined ? await context.setup() : undefined;
    if (setup?.ok === false) return [setup.error];
    const own = setup === undefined || settings.setup === '' ? context.environment : {};
    const child = execa('bash', ['-c', filled.value], {
      cwd: context.directory,
      env: {...own, ...(setup?.value.environment ?? Object.fromEntries(settings.environment))},
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      buffer: false,
      cancelSignal: context.signal,
      forceKillAfterDelay: 2000,
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => context.stream('stdout', text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => context.stream('stderr', text));
    const {exitCode, signal, isCanceled} = await child;
    if (isCanceled) return undefined;
    if (exitCode !== 0) context.stream('stderr', `exit ${exitCode ?? signal ?? 'unknown'}\n`);
    return undefined;
  },
);
