import {Random} from '../rig/random.js';
import {taskOf, type Command, type Join, type Model} from './model.js';
import {handle, loopLines, mixed, reference} from './render-words.js';

/** A join as a cell. */
export function joinCell(model: Model, {members, mode, prefer, allowed, look}: Join): string {
  const random = new Random(look.order);
  const repos = members.some(id => taskOf(model, id).is === 'command');
  const names = (prefer === undefined ? mixed(members, random) : members).map(id => taskOf(model, id).look.name);
  const preferred = prefer === undefined ? undefined : taskOf(model, prefer).look.name;
  if (look.spelling === 'function') {
    const options = [
      `as: '${look.name}'`,
      repos ? `mode: '${mode}'` : '',
      preferred === undefined ? '' : `prefer: ${preferred}`,
      allowed === undefined ? '' : `allowFailed: ${allowed}`,
    ];
    return `const ${look.name} = join([${names.join(', ')}], {${options.filter(option => option !== '').join(', ')}});`;
  }
  const options = [
    `--as ${look.name}`,
    repos ? `--mode ${mode}` : '',
    preferred === undefined ? '' : `--prefer ${preferred}`,
    allowed === undefined ? '' : `--allow-failed ${allowed}`,
  ];
  return `%%join ${names.join(' ')} ${mixed(
    options.filter(option => option !== ''),
    random,
  ).join(' ')}`;
}

/** The same as a call. What has no option of its own stands in `args`. */
function commandCall(model: Model, task: Command): string {
  const {look, from, ids, config, configFile, options, words, show} = task;
  const random = new Random(look.order);
  const args = [
    ...words,
    ...options.map(([name, value]) => (look.other ? `--${name} ${value}` : `--${name}=${value}`)),
    show === '' ? '' : `--show ${show}`,
    look.placement ? '-j 4' : '',
  ].filter(word => word !== '');
  const configs = [...config.map(([name, value]) => `${name}=${value}`), `tag=${task.rerun?.tag ?? task.id}`];
  const id = mixed(Object.entries(ids), random).map(
    ([key, values]) => `${key}: ${JSON.stringify(values.length === 1 && look.other ? values[0] : values)}`,
  );
  const given = [
    `as: '${look.name}'`,
    task.rerun === undefined ? '' : `rerun: '${task.rerun.name}'`,
    from.length === 0 ? '' : `from: [${from.map(each => handle(model, each)).join(', ')}]`,
    args.length === 0 ? '' : `args: ${JSON.stringify(args.join(' '))}`,
    id.length === 0 ? '' : `id: {${id.join(', ')}}`,
    `config: ${JSON.stringify(configs)}`,
    configFile === null ? '' : `configFile: ${JSON.stringify(configFile)}`,
    look.placement ? "cpus: 1, time: '10m'" : '',
  ].filter(option => option !== '');
  return `${look.comment ? '// as a function\n' : ''}const ${look.name} = lsst('${task.task}', {${given.join(', ')}});`;
}

/** A command-line task as a cell. */
export function commandCell(model: Model, task: Command): string {
  const {look, loops, from, ids, config, configFile, options, words, show} = task;
  if (loops.length === 0 && look.spelling === 'function') return commandCall(model, task);
  const random = new Random(look.order);
  const line = [
    `%%lsst ${task.task}${look.other ? '.py' : ''}`,
    // Parents in an order that means something.
    ...from.map(each => `--from ${reference(model, each, look.other)}`),
    `--as ${look.name}`,
    task.rerun === undefined ? '' : `--rerun ${task.rerun.name}`,
    look.placement ? '--cpus 1 --time 10m' : '',
  ];
  const looped = new Set(loops.map(({variable}) => variable));
  const id = mixed(Object.entries(ids), random).map(
    ([key, values]) => `${key}=${looped.has(key) ? `\${${key}}` : idWord(values, look.other, random)}`,
  );
  const tag = [task.rerun?.tag ?? task.id, ...loops.map(({variable}) => `\${${variable}}`)].join('-');
  const dash = look.other ? '--config' : '-c';
  const configs = [...config.map(([name, value]) => `${name}=${value}`), `tag=${tag}`];
  const groups = [
    id.length === 0 ? '' : `--id ${id.join(' ')}`,
    `${look.other ? `${dash} ${configs.join(' ')}` : configs.map(word => `${dash} ${word}`).join(' ')}${configFile === null ? '' : ` -C ${configFile}`}`,
    ...options.map(([name, value]) => (look.other ? `--${name} ${value}` : `--${name}=${value}`)),
    show === '' ? '' : `--show ${show}`,
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
