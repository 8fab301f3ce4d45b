import {canonicalJson} from '../kernel/fingerprint/fingerprint.js';
import type {CellContext} from '../kernel/session/cell-magic.js';
import type {Problem} from '../kernel/session/magic.js';
import {PY_BOOTSTRAP} from './py-bootstrap.js';

/**
 * Starts the IPython of the notebook unless there is one: the program of `%config python`, with the kernel's environment and what
 * `%setup` and `%env` make. One that was started with another program is ended. Gives why there is none.
 */
export async function startPython(context: CellContext): Promise<Problem | undefined> {
  const {python, settings, directory, output} = context;
  const setup = await context.setup();
  if (!setup.ok) return setup.error;
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(context.environment))
    if (value !== undefined && !name.startsWith('JPY_')) environment[name] = value;
  Object.assign(environment, setup.value.environment);
  const start = {program: settings.python, directory, environment, bootstrap: PY_BOOTSTRAP};
  const {started} = python;
  if (started !== undefined && started.program !== start.program) await python.close();
  else if (started !== undefined && canonicalJson({...started.environment}) !== canonicalJson(environment))
    once(context, 'py-environment', setup.value.identity, () =>
      output.stream(
        'stderr',
        'weft: this Python runs in the environment in which it was started; `exit` ends it, and the next `%%py` starts a fresh one\n',
      ),
    );
  const {container} = settings;
  if (container !== undefined)
    once(context, 'py-container', container.image, () =>
      output.stream(
        'stderr',
        `weft: \`%%py\` runs on this machine, not in ${container.reference}; \`%%python\` runs in it\n`,
      ),
    );
  const absent = await python.start(start);
  if (absent === undefined) return undefined;
  const {what, said} = absent;
  if (what === 'program')
    return {
      code: 'W6004',
      severity: 'error',
      message: `there is no \`${settings.python}\``,
      hint: 'install Python 3, or name one that is there: `%config python PATH`',
    };
  if (what === 'module')
    return {
      code: 'W6005',
      severity: 'error',
      message: `\`${settings.python}\` has no ipykernel, which \`%%py\` needs`,
      hint: `run \`${settings.python} -m pip install ipykernel\`, or name another Python: \`%config python PATH\``,
    };
  return {code: 'W6005', severity: 'error', message: `\`${settings.python}\` did not start IPython: ${said}`};
}

/** Says something once for each thing that it is about. */
function once({state}: CellContext, key: string, about: string, say: () => void): void {
  if (state.get(key) === about) return;
  state.set(key, about);
  say();
}
