import {Random} from '../rig/random.js';
import {tagOf, taskOf, type Command, type Ingest, type Join, type Model} from './model.js';
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

/** A task that puts exposures into the root, as a cell. */
export function ingestCell({id, files, script, force, look}: Ingest): string {
  const words = [...files].sort();
  if (script) {
    const body = `top=\${WEFT_ROOT%/DATA}\necho ${id} >> "$top.log"\n"$top/stack/bin/weft-test-ingest" "$WEFT_ROOT" ${words.join(' ')}`;
    return look.spelling === 'function'
      ? `const ${look.name} = bash(${JSON.stringify(body)}, {as: '${look.name}', mutates: 'DATA', in: ${JSON.stringify(words)}${force ? ', force: true' : ''}});`
      : `%%bash --as ${look.name} --mutates DATA --in ${words.join(' ')}${force ? ' --force' : ''}\n${body}`;
  }
  if (look.spelling === 'function')
    return `const ${look.name} = lsst('ingestImages', {as: '${look.name}', args: '${[...words, '-c', `tag=${id}`].join(' ')}'${force ? ', force: true' : ''}});`;
  const line = `%%lsst ingestImages${look.other ? '.py' : ''} --as ${look.name}${force ? ' --force' : ''}`;
  return `${line}\n${words.join(look.comment ? '   # noted\n' : ' ')}\n-c tag=${id}`;
}

/** What `-c` gives, but for the name that it writes. */
const configsOf = ({config, quiet, undeclared}: Command): readonly string[] => [
  ...config.map(([name, value]) => `${name}=${value}`),
  ...(quiet === true ? ['quiet=1'] : []),
  ...(undeclared === true ? ['undeclared=1'] : []),
];

/** The same as a call. What has no option of its own stands in `args`. */
function commandCall(model: Model, task: Command): string {
  const {look, from, ids, configFile, options, words, show} = task;
  const random = new Random(look.order);
  const args = [
    ...words,
    ...options.map(([name, value]) => (look.other ? `--${name} ${value}` : `--${name}=${value}`)),
    show === '' ? '' : `--show ${show}`,
    look.placement ? '-j 4' : '',
  ].filter(word => word !== '');
  const configs = [...configsOf(task), `tag=${tagOf(task)}`];
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
    task.force === true ? 'force: true' : '',
    task.split === undefined ? '' : `split: ${look.other ? JSON.stringify(task.split) : `'${task.split.join(',')}'`}`,
    task.allowed === undefined ? '' : `allowFailed: ${task.allowed}`,
    look.placement ? "cpus: 1, time: '10m'" : '',
  ].filter(option => option !== '');
  return `${look.comment ? '// as a function\n' : ''}const ${look.name} = lsst('${task.task}', {${given.join(', ')}});`;
}

/** A command-line task as a cell. */
export function commandCell(model: Model, task: Command): string {
  const {look, loops, from, ids, configFile, options, words, show} = task;
  if (loops.length === 0 && look.spelling === 'function') return commandCall(model, task);
  const random = new Random(look.order);
  const line = [
    `%%lsst ${task.task}${look.other ? '.py' : ''}`,
    // Parents in an order that means something.
    ...from.map(each => `--from ${reference(model, each, look.other)}`),
    `--as ${look.name}`,
    task.rerun === undefined ? '' : `--rerun ${task.rerun.name}`,
    task.force === true ? '--force' : '',
    task.split === undefined ? '' : `--split ${task.split.join(',')}`,
    task.allowed === undefined ? '' : `--allow-failed ${task.allowed}`,
    look.placement ? '--cpus 1 --time 10m' : '',
  ];
  const looped = new Set(loops.map(({variable}) => variable));
  const id = mixed(Object.entries(ids), random).map(
    ([key, values]) => `${key}=${looped.has(key) ? `\${${key}}` : idWord(values, look.other, random)}`,
  );
  const tag = [tagOf(task), ...loops.map(({variable}) => `\${${variable}}`)].join('-');
  const dash = look.other ? '--config' : '-c';
  const configs = [...configsOf(task), `tag=${tag}`];
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
