import {Random} from '../rig/random.js';
import {bodyOf, languageOf} from './body.js';
import {
  readsOf,
  taskOf,
  variablesOf,
  type Command,
  type From,
  type Given,
  type Join,
  type Json,
  type Loop,
  type Model,
  type Script,
  type Task,
} from './model.js';

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

/** Some order in which each task comes after what it reads. */
function shuffled(tasks: readonly Task[], random: Random): readonly Task[] {
  const left = [...tasks];
  const result: Task[] = [];
  while (left.length > 0) {
    const free = left.filter(task => readsOf(task).every(id => left.every(other => other.id !== id)));
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

function mixed<T>(all: readonly T[], random: Random): T[] {
  const left = [...all];
  const result: T[] = [];
  while (left.length > 0) result.push(...left.splice(random.below(left.length), 1));
  return result;
}

const cellsOfTask = (model: Model, task: Task): readonly string[] => {
  const cells =
    task.is === 'join'
      ? [joinCell(model, task)]
      : task.is === 'command'
        ? [commandCell(model, task)]
        : scriptCells(model, task);
  return task.look.crlf ? cells.map(cell => cell.replaceAll('\n', '\r\n')) : cells;
};

// --- words ---

const quoted = (text: string): string => (/^[\w.,/=*-]+$/.test(text) ? text : `'${text}'`);

/** `up[x]['k'][*]`, with which `--from` names what it means. */
function reference(model: Model, {task, at}: From, other: boolean): string {
  const producer = taskOf(model, task);
  const indexes = at.map(index =>
    index.is === 'loop' ? `[${index.variable}]` : other ? `[${index.key}]` : `['${index.key}']`,
  );
  return `${producer.look.name}${indexes.join('')}${at.length < variablesOf(producer).length ? '[*]' : ''}`;
}

function loopLines(model: Model, loops: readonly Loop[], other: boolean): readonly string[] {
  const binders = loops.map(({variable, list}) => {
    if (list.is === 'task') return `${variable} in ${taskOf(model, list.task).look.name}`;
    const {keys} = list;
    const numbers = keys.every(key => typeof key === 'number');
    const run = numbers && keys.length > 1 && keys.every((key, i) => i === 0 || key === (keys[i - 1] as number) + 1);
    if (other && run) return `${variable} in [${keys[0]}..${keys.at(-1)}]`;
    if (other) return `${variable} in \${${JSON.stringify(keys)}}`;
    return `${variable} in [${keys.map(key => (typeof key === 'number' ? key : quoted(key))).join(', ')}]`;
  });
  if (binders.length === 0) return [];
  return other ? [`%%foreach ${binders.join(', ')}`] : binders.map(binder => `%%foreach ${binder}`);
}

const expression = (json: Json): string =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
    ? `(${JSON.stringify(json)})`
    : JSON.stringify(json);

function givenWord(model: Model, {variable, value}: Given, other: boolean): string {
  if (value.is === 'json') {
    if (!other && typeof value.json === 'string') return `${variable}='${value.json}'`;
    return `${variable}=\${${expression(value.json)}}`;
  }
  const {name} = taskOf(model, value.task).look;
  if (value.what === 'all') return other ? `${variable}=\${${name}}` : `${variable}=\${[...${name}]}`;
  return value.what === 'length'
    ? `${variable}=\${${name}.length}`
    : `${variable}=\${${other ? `${name}.at(0)` : `${name}[0]`} ?? null}`;
}

// --- scripts ---

function scriptCells(model: Model, task: Script): readonly string[] {
  const {look, loops} = task;
  // An element of a set whose list is not known yet can't be taken by code.
  const plain =
    task.with.every(({value}) => value.is === 'json') &&
    task.from.every(({task: id, at}) => {
      const producer = taskOf(model, id);
      return at.length === 0 || producer.is === 'join' || producer.loops.every(({list}) => list.is === 'keys');
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
    task.force ? '--force' : '',
    task.empty?.allowed === true ? '--allow-empty' : '',
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
    task.force ? 'force: true' : '',
    task.empty?.allowed === true ? 'allowEmpty: true' : '',
    task.container ? "container: 'podman:localhost/weft:1'" : '',
    look.placement ? "cpus: 1, time: '10m'" : '',
  ].filter(option => option !== '');
  return `${look.comment ? '// as a function\n' : ''}const ${look.name} = ${languageOf(task)}(${JSON.stringify(bodyOf(task))}, {${mixed(options, random).join(', ')}});`;
}

/** An element of a set, or a whole one, as an expression. */
const handle = (model: Model, {task, at}: From): string =>
  `${taskOf(model, task).look.name}${at.map(index => `[${JSON.stringify(index.is === 'key' ? index.key : index.variable)}]`).join('')}`;

// --- joins and commands ---

function joinCell(model: Model, {members, mode, prefer, look}: Join): string {
  const random = new Random(look.order);
  const repos = members.some(id => taskOf(model, id).is === 'command');
  const names = (prefer === undefined ? mixed(members, random) : members).map(id => taskOf(model, id).look.name);
  const preferred = prefer === undefined ? undefined : taskOf(model, prefer).look.name;
  if (look.spelling === 'function') {
    const options = [
      `as: '${look.name}'`,
      repos ? `mode: '${mode}'` : '',
      preferred === undefined ? '' : `prefer: ${preferred}`,
    ];
    return `const ${look.name} = join([${names.join(', ')}], {${options.filter(option => option !== '').join(', ')}});`;
  }
  const options = [
    `--as ${look.name}`,
    repos ? `--mode ${mode}` : '',
    preferred === undefined ? '' : `--prefer ${preferred}`,
  ];
  return `%%join ${names.join(' ')} ${mixed(
    options.filter(option => option !== ''),
    random,
  ).join(' ')}`;
}

function commandCell(model: Model, task: Command): string {
  const {look, loops, from, ids, config, configFile, options, words, show} = task;
  const random = new Random(look.order);
  const line = [
    `%%lsst ${task.task}${look.other ? '.py' : ''}`,
    // Parents in an order that means something.
    ...from.map(each => `--from ${reference(model, each, look.other)}`),
    `--as ${look.name}`,
    look.placement ? '--cpus 1 --time 10m' : '',
  ];
  const looped = new Set(loops.map(({variable}) => variable));
  const id = mixed(Object.entries(ids), random).map(
    ([key, values]) => `${key}=${looped.has(key) ? `\${${key}}` : idWord(values, look.other, random)}`,
  );
  const tag = [task.id, ...loops.map(({variable}) => `\${${variable}}`)].join('-');
  const dash = look.other ? '--config' : '-c';
  const configs = [...config.map(([name, value]) => `${name}=${value}`), `tag=${tag}`];
  const groups = [
    id.length === 0 ? '' : `--id ${id.join(' ')}`,
    `${look.other ? `${dash} ${configs.join(' ')}` : configs.map(word => `${dash} ${word}`).join(' ')}${configFile === null ? '' : ` -C ${configFile}`}`,
    ...options.map(([name, value]) => (look.other ? `--${name} ${value}` : `--${name}=${value}`)),
    show ? '--show config' : '',
    look.placement ? mixed(['-j 4', '-L DEBUG', '--longlog'], random).join(' ') : '',
  ].filter(group => group !== '');
  const body = [...words, ...mixed(groups, random)];
  const text = look.comment
    ? body.map(group => `${group}   # noted`).join('\n')
    : body.join(look.other ? '  \\\n' : ' ');
  return [...loopLines(model, loops, look.other), line.filter(part => part !== '').join(' '), text].join('\n');
}

/** `1^2^3`, in some order, or `1..3`. */
function idWord(values: readonly (string | number)[], other: boolean, random: Random): string {
  const run = values.length > 1 && values.every((value, i) => i === 0 || value === Number(values[i - 1]) + 1);
  return other && run ? `${values[0]}..${values.at(-1)}` : mixed(values, random).join('^');
}
