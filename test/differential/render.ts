import {Random} from '../rig/random.js';
import {bodyOf, languageOf} from './body.js';
import {readsOf, taskOf, usesRoot, writesRoot, type Model, type Script, type Task} from './model.js';
import {commandCell, ingestCell, joinCell} from './render-commands.js';
import {expression, givenWord, handle, loopLines, mixed, reference} from './render-words.js';

/** The cells of a notebook. `python` is the program that runs `%%python`. */
export function cellsOf(model: Model, python: string): readonly string[] {
  const [first, second] = model.parts;
  const parts = [model.tasks.slice(0, first), model.tasks.slice(first, second), model.tasks.slice(second)];
  const [plain = [], declared = [], stack = []] = parts.map(tasks => shuffled(tasks, new Random(model.order)));
  return [
    `%config python ${python}`,
    ...plain.flatMap(task => cellsOfTask(model, task)),
    settings(model),
    ...declared.flatMap(task => cellsOfTask(model, task)),
    ...(model.stack === null ? [] : [setup(model), ...stack.flatMap(task => cellsOfTask(model, task))]),
  ];
}

/** The cells that run when all has ended. */
export const cellsBehind = (model: Model): readonly string[] =>
  model.forced.length === 0 ? [] : [`%force ${model.forced.map(id => taskOf(model, id).look.name).join(' ')}`];

/** Some order in which each task comes after what it reads, and tasks that change the root are where they were among those that use it. */
function shuffled(tasks: readonly Task[], random: Random): readonly Task[] {
  const left = [...tasks];
  const result: Task[] = [];
  while (left.length > 0) {
    const free = left.filter(
      (task, at) =>
        readsOf(task).every(id => left.every(other => other.id !== id)) &&
        !left.slice(0, at).some(other => usesRoot(task) && usesRoot(other) && (writesRoot(task) || writesRoot(other))),
    );
    const next = random.of(free);
    result.push(next);
    left.splice(left.indexOf(next), 1);
  }
  return result;
}

function settings({env, code, look}: Model): string {
  const random = new Random(look.order);
  const pairs = mixed(
    Object.entries(env).map(([name, value]) => `${name}=${value}`),
    random,
  );
  const paths = mixed(code, random);
  const one = random.below(2) === 0;
  const lines = [
    ...(one && pairs.length > 0 ? [`%env ${pairs.join('  ')}`] : pairs.map(pair => `%env ${pair}`)),
    ...(one && paths.length > 0 ? [`%code ${paths.join(' ')}`] : paths.map(path => `%code ./${path}`)),
    look.comment ? '// what tasks are told' : '',
  ];
  return (
    mixed(lines, random)
      .filter(line => line !== '')
      .join('\n') || '// nothing is declared'
  );
}

const setup = ({stack, look}: Model): string =>
  [
    look.comment ? '%setup  source   stack/setup.sh' : '%setup source stack/setup.sh',
    `%setup export ASSIGNED=${stack?.assigned ?? ''}`,
    '%repo DATA',
  ].join('\n');

const cellsOfTask = (model: Model, task: Task): readonly string[] => {
  const cells =
    task.is === 'join'
      ? [joinCell(model, task)]
      : task.is === 'ingest'
        ? [ingestCell(task)]
        : task.is === 'command'
          ? [commandCell(model, task)]
          : scriptCells(model, task);
  return task.look.crlf ? cells.map(cell => cell.replaceAll('\n', '\r\n')) : cells;
};

// --- scripts ---

function scriptCells(model: Model, task: Script): readonly string[] {
  const {look, loops} = task;
  // An element of a set whose list is not known yet can't be taken by code.
  const plain =
    task.with.every(({value}) => value.is === 'json') &&
    task.from.every(({task: id, at}) => {
      const producer = taskOf(model, id);
      return (
        at.length === 0 ||
        producer.is === 'join' ||
        producer.is === 'ingest' ||
        producer.loops.every(({list}) => list.is === 'keys')
      );
    });
  return loops.length === 0 && look.spelling === 'function' && plain
    ? [functionCell(model, task)]
    : [magicCell(model, task)];
}

/** The options of a script's line in the order that its look says. */
function magicCell(model: Model, task: Script): string {
  const {look, loops, from} = task;
  const random = new Random(look.order);
  const body = bodyOf(task);
  const words = task.with.map(given => givenWord(model, given, look.other));
  const options: string[] = [
    `--as ${look.name}`,
    ...from.map(each => `--from ${each.variable}=${reference(model, each, look.other)}`),
    ...(look.other ? words.map(word => `--with ${word}`) : words.length === 0 ? [] : [`--with ${words.join(' ')}`]),
    ...(look.other
      ? task.in.map(pattern => `--in ./${pattern}`)
      : task.in.length === 0
        ? []
        : [`--in ${mixed(task.in, random).join(' ')}`]),
    ...(task.out === null
      ? []
      : [`--out ${mixed([...task.out, ...(task.empty === undefined ? [] : ['extra*.txt'])], random).join(' ')}`]),
    task.value ? '--value' : '',
    task.strict || task.language !== 'bash' ? '' : '--no-strict',
    task.always ? '--always' : '',
    task.root === true ? '--reads DATA' : '',
    task.force ? '--force' : '',
    task.empty?.allowed === true ? '--allow-empty' : '',
    task.allowed === undefined ? '' : `--allow-failed ${task.allowed}`,
    task.container ? '--container podman:localhost/weft:1' : '',
    look.placement ? '--cpus 1 --time 10m --mem 1G' : '',
  ].filter(option => option !== '');
  const mixedOptions = mixed(options, random);
  const line = [`%%${languageOf(task)}`, ...mixedOptions].join(look.other ? '  ' : look.comment ? ' \\\n   ' : ' ');
  const note = look.other && look.comment ? ' # a note' : '';
  return [...loopLines(model, loops, look.other), `${line}${note}`, body].join('\n') + '\n'.repeat(look.trailing);
}

function functionCell(model: Model, task: Script): string {
  const {look, from} = task;
  const random = new Random(look.order);
  const options = [
    `as: '${look.name}'`,
    from.length === 0
      ? ''
      : `from: {${mixed(from, random)
          .map(each => `${each.variable}: ${handle(model, each)}`)
          .join(', ')}}`,
    task.with.length === 0
      ? ''
      : `with: {${mixed(task.with, random)
          .map(({variable, value}) => `${variable}: ${value.is === 'json' ? expression(value.json) : ''}`)
          .join(', ')}}`,
    task.in.length === 0 ? '' : `in: ${JSON.stringify(mixed(task.in, random))}`,
    task.out === null
      ? ''
      : `out: ${JSON.stringify(mixed([...task.out, ...(task.empty === undefined ? [] : ['extra*.txt'])], random))}`,
    task.value ? 'value: true' : '',
    task.strict || task.language !== 'bash' ? '' : 'strict: false',
    task.always ? 'always: true' : '',
    task.root === true ? "reads: 'DATA'" : '',
    task.force ? 'force: true' : '',
    task.empty?.allowed === true ? 'allowEmpty: true' : '',
    task.allowed === undefined ? '' : `allowFailed: ${task.allowed}`,
    task.container ? "container: 'podman:localhost/weft:1'" : '',
    look.placement ? "cpus: 1, time: '10m'" : '',
  ].filter(option => option !== '');
  return `${look.comment ? '// as a function\n' : ''}const ${look.name} = ${languageOf(task)}(${JSON.stringify(bodyOf(task))}, {${mixed(options, random).join(', ')}});`;
}
