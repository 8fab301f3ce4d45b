import {execa} from 'execa';
import {lineMagic} from './line-magic.js';

/** `!cmd`: on the host, in the foreground, in the environment of `%setup` (LANGUAGE 12). Its status, where it is not 0, is said; it is no error of the cell. */
export const commandMagic = lineMagic({name: '!', summary: 'runs a command on the host, in the foreground', example: '!ls DATA', raw: true}, async (line, context) => {
  let command = '';
  let at = 0;
  for (const match of line.rest.matchAll(/\$\{([^}]*)\}/g)) {
    const [whole, code = ''] = match;
    // A name that JavaScript does not know is the shell's.
    const value = await context.evaluate(code);
    let text: string | undefined;
    if (value.is === 'json') text = typeof value.value === 'string' ? value.value : JSON.stringify(value.value);
    else if (value.is === 'future') {
      const node = context.node(value.ref.id);
      if (node !== undefined && !(await context.notebook.wait([node]))) return undefined;
      const settled = await node?.settled();
      text = settled === undefined ? whole : settled.is === 'value' ? (typeof settled.value === 'string' ? settled.value : JSON.stringify(settled.value)) : 'path' in settled ? settled.path : whole;
    }
    command += line.rest.slice(at, match.index) + (text ?? whole);
    at = match.index + whole.length;
  }
  command += line.rest.slice(at);
  const setup = await context.setup();
  if (!setup.ok) return [setup.error];
  const child = execa('bash', ['-c', command], {
    cwd: context.directory,
    env: {...(context.settings.setup === '' ? context.environment : {}), ...setup.value.environment},
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
});
