import {canonicalJson} from '../kernel/fingerprint/fingerprint.js';
import type {Container} from '../kernel/graph/container.js';
import type {CellContext} from '../kernel/session/cell-magic.js';
import type {Problem} from '../kernel/session/magic.js';
import {PY_BOOTSTRAP} from './py-bootstrap.js';
import type {PyInputs} from './py-inputs.js';
import {containerText, pyMounts, unseenBy} from './py-place.js';

/** What a foreground Python in a container has unless the set-up or the notebook says otherwise. */
const CONTAINED: Readonly<Record<string, string>> = {LC_ALL: 'C.UTF-8', PYTHONNOUSERSITE: '1'};

type Start = Parameters<CellContext['python']['start']>[0];

/** How the next one begins. */
const AFRESH = '`exit` ends it, and the next `%%py` starts a fresh one';

/**
 * Starts the IPython of the notebook unless there is one: the program of `%config python`, in the notebook's container if it has one. On
 * this machine it has the kernel's environment with what `%setup` and `%env` make, in a container the image's with the same. One that
 * was started with another program is ended; one in another place stays, and a line says so. Gives why there is none.
 */
export async function startPython(inputs: PyInputs, context: CellContext): Promise<Problem | undefined> {
  const {python, settings, directory} = context;
  const {container} = settings;
  const setup = await context.setup(container);
  if (!setup.ok) return setup.error;
  const own: Record<string, string> = container === undefined ? {} : {...CONTAINED};
  if (container === undefined)
    for (const [name, value] of Object.entries(context.environment))
      if (value !== undefined && !name.startsWith('JPY_')) own[name] = value;
  const environment = {...own, ...setup.value.environment};
  const {network} = settings;
  const inside =
    container === undefined
      ? {}
      : {inside: {container, mounts: await pyMounts(inputs, context), ...(network === undefined ? {} : {network})}};
  const start: Start = {program: settings.python, directory, environment, bootstrap: PY_BOOTSTRAP, ...inside};
  const {started} = python;
  if (started !== undefined && started.program !== start.program) await python.close();
  else if (started !== undefined) sayOld(started, start, setup.value.identity, context);
  const absent = await python.start(start);
  if (absent !== undefined) return whyAbsent(absent, settings.python, container);
  const unseen = python.started?.inside && unseenBy(inputs, python.started.inside.mounts);
  if (unseen === undefined) return undefined;
  return {
    code: 'W6008',
    severity: 'error',
    message: `${unseen} is not in the container of this Python, which was started before it was asked for`,
    hint: AFRESH,
  };
}

/** Says once what differs from what a Python that runs was started with. */
function sayOld(started: Start, start: Start, setup: string, {state, output}: CellContext): void {
  const say = (key: string, about: string | undefined, text: string): void => {
    const before = state.get(key);
    state.set(key, about);
    if (about !== undefined && about !== before) output.stream('stderr', `weft: ${text}\n`);
  };
  const [was, now] = [started.inside, start.inside];
  const moved = was?.container.image !== now?.container.image || was?.container.runtime !== now?.container.runtime;
  const place = (inside: Start['inside']): string =>
    inside === undefined ? 'on this machine' : `in ${containerText(inside.container)}`;
  say(
    'py-container',
    moved ? place(now) : undefined,
    `this Python runs ${place(was)}, where it was started; \`exit\` ends it, and the next \`%%py\` starts one ${place(now)}`,
  );
  if (moved) return;
  const other = canonicalJson({...started.environment}) !== canonicalJson({...start.environment});
  say(
    'py-environment',
    other ? setup : undefined,
    `this Python runs in the environment in which it was started; ${AFRESH}`,
  );
}

function whyAbsent(
  {what, said, remedy}: NonNullable<Awaited<ReturnType<CellContext['python']['start']>>>,
  program: string,
  container: Container | undefined,
): Problem {
  const where = container === undefined ? '' : ` in ${containerText(container)}`;
  const named = container === undefined ? '' : ', or another image: `%container IMAGE`';
  if (what === 'program')
    return {
      code: 'W6004',
      severity: 'error',
      message: `there is no \`${program}\`${where}`,
      hint:
        container === undefined
          ? 'install Python 3, or name one that is there: `%config python PATH`'
          : `name one that is there: \`%config python PATH\`${named}`,
    };
  if (what === 'module')
    return {
      code: 'W6005',
      severity: 'error',
      message: `\`${program}\`${where} has no ipykernel, which \`%%py\` needs`,
      hint: `${container === undefined ? `run \`${program} -m pip install ipykernel\`` : withIpykernel(container, program)}, or name another Python: \`%config python PATH\``,
    };
  return {
    code: container === undefined ? 'W6005' : 'W8002',
    severity: 'error',
    message: `\`${program}\`${where} did not start IPython: ${said}`,
    ...(remedy === undefined ? {} : {hint: remedy}),
  };
}

/** What makes an image that has ipykernel: one command, where the runtime builds images. */
function withIpykernel({runtime, reference}: Container, program: string): string {
  if (!['podman', 'docker', 'podman-hpc'].includes(runtime))
    return `take an image in which \`${program} -m pip install ipykernel\` was run`;
  const name = `${reference.replace(/^.*\//, '').replace(/[@:].*$/, '')}-ipykernel`;
  const file = `FROM ${reference}\\nRUN ${program} -m pip install ipykernel\\n`;
  const made = runtime === 'docker' ? name : `localhost/${name}`;
  return `run \`printf '${file}' | ${runtime} build -t ${made} -\`, then \`%container ${runtime}:${made}\``;
}
