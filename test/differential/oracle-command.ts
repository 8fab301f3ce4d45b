import {stable} from './oracle-files.js';
import {tagOf, type Command, type Ingest, type Json, type Model, type Raw, type Stack} from './model.js';

type Row = ReadonlyMap<string, string | number>;

/** The parts of a root that the programs read, by their names. Without a parent each looks for a sky map too. */
const READS: Readonly<Record<string, readonly ('raw' | 'calib' | 'refcat' | 'transmission')[]>> = {
  processCcd: ['raw', 'calib', 'refcat', 'transmission'],
  characterizeImage: ['raw', 'calib', 'refcat', 'transmission'],
  makeCoaddTempExp: [],
  measureCoaddSources: ['refcat'],
};

/** A data id: keys in order, with their values. */
export type Id = readonly (readonly [key: string, value: string])[];

/** The data ids that a command names, each by itself, in this round of the loops: one with nothing where it names none. */
export function idsOf({ids}: Command, row: Row): readonly Id[] {
  let all: Id[] = [[]];
  for (const [key, values] of Object.entries(ids).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const looped = row.get(key);
    const texts = [...new Set((looped === undefined ? values : [looped]).map(String))].sort();
    all = all.flatMap(id => texts.map(text => [...id, [key, text] as const]));
  }
  return all;
}

const exposuresOf = (stack: Stack, ids: readonly Id[]): readonly Raw[] =>
  stack.raws.filter(raw =>
    ids.some(id => id.every(([key, value]) => !Object.hasOwn(raw, key) || String(raw[key as keyof Raw]) === value)),
  );

/** The data ids that a command has data for, as `--show data` tells them. */
export function shownIds(model: Model, command: Command, row: Row): readonly Id[] {
  const ids = idsOf(command, row);
  if (READS[command.task]?.includes('raw') !== true) return ids;
  return exposuresOf(stackOf(model), ids).map(({visit, ccd, filter}) => [
    ['ccd', String(ccd)],
    ['filter', filter],
    ['visit', String(visit)],
  ]);
}

/** The data ids of the parts that a command is split into: of those with equal values of the keys, the keys that it names and these. */
export function partsOf(command: Command, shown: readonly Id[]): readonly (readonly Id[])[] {
  const keys = command.split ?? [];
  const kept = [...Object.keys(command.ids), ...keys];
  const groups = new Map<string, Id[]>();
  for (const id of shown) {
    const name = stable(keys.map(key => id.find(([other]) => other === key)));
    groups.set(name, [...(groups.get(name) ?? []), id.filter(([key]) => kept.includes(key))]);
  }
  return [...groups.values()];
}

/** What the slice of the root that a command reads holds. */
function sliceOf(stack: Stack, command: Command, ids: readonly Id[]): Record<string, Json> {
  const reads = READS[command.task] ?? [];
  const raws = exposuresOf(stack, ids);
  const slice: Record<string, Json> = {mapper: stack.mapper};
  if (reads.includes('raw')) slice['raw'] = raws.map(raw => stable(raw)).sort();
  if (reads.includes('calib'))
    slice['calib'] = stack.calibrations.filter(({ccd}) => raws.some(raw => raw.ccd === ccd)).map(each => ({...each}));
  if (reads.includes('refcat')) slice['refcat'] = stack.catalogue;
  if (reads.includes('transmission')) slice['transmission'] = stack.transmission;
  if (command.from.length === 0) slice['skymap'] = stack.skymap;
  return slice;
}

const stackOf = (model: Model): Stack => {
  if (model.stack === null) throw new Error('the model has a command and no stack');
  return model.stack;
};

const contentOf = (model: Model, file: string): string => model.files[file] ?? '';

/** All of a command that can change what it writes, but for its parents and what all tasks have. */
export function commandIdentity(model: Model, command: Command, row: Row, ids: readonly Id[]): Record<string, Json> {
  const stack = stackOf(model);
  const {task, config, configFile, options, words, show} = command;
  return {
    task,
    ids: [...new Set(ids.map(id => stable(id)))].sort(),
    config: [...config.map(([name, value]) => `${name}=${value}`), ...tag(command, row)],
    configFile: configFile === null ? null : contentOf(model, configFile),
    options: [...options].sort(([a], [b]) => (a < b ? -1 : 1)),
    words,
    show,
    quiet: command.quiet ?? false,
    undeclared: command.undeclared ?? false,
    rerun: command.rerun?.name ?? null,
    program: [stack.program, stack.interpreter],
    root: sliceOf(stack, command, ids),
  };
}

const tag = (command: Command, row: Row): readonly string[] => [`tag=${[tagOf(command), ...row.values()].join('-')}`];

/** Data ids as what is split has them in its names. */
export const namedIds = (command: Command, ids: readonly Id[]): string =>
  tagOf(command).startsWith('d') ? [...new Set(ids.flat().map(pair => pair.join('=')))].sort().join('_') : '';

/** The text that the program gathers, and the name of the file that it writes. */
export function commandText(
  model: Model,
  command: Command,
  row: Row,
  ids: readonly Id[],
  parents: readonly Readonly<Record<string, string>>[],
): {readonly text: string; readonly name: string} {
  const stack = stackOf(model);
  const {task, config, configFile, options, words} = command;
  const reads = READS[task] ?? [];
  const raws = [...exposuresOf(stack, ids)].sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
  const [marked = ''] = tag(command, row);
  const files = Object.entries(Object.assign({}, ...parents) as Record<string, string>);
  const text = [
    `${task} v${stack.program} i${stack.interpreter} ${model.env['ONE'] ?? ''}${model.env['TWO'] ?? ''} ${stack.assigned}`,
    ...Object.entries(stack.local)
      .sort()
      .map(([name, content]) => `local ${name}=${content}`),
    ...[...new Set(ids.flat().map(([key, value]) => `id ${key}=${value}`))].sort(),
    ...config.map(([name, value]) => `config ${name}=${value}`),
    ...(command.quiet === true ? ['config quiet=1'] : []),
    ...(command.undeclared === true ? ['config undeclared=1'] : []),
    `config ${marked}`,
    ...(configFile === null ? [] : [`file ${contentOf(model, configFile).trimEnd()}`]),
    ...[...options].sort().map(([name, value]) => `--${name} ${value}`),
    ...words.map(word => `word ${word}`),
    ...(reads.includes('raw') ? raws.map(raw => `raw ${raw.text}`) : []),
    ...(reads.includes('refcat')
      ? Object.entries(stack.catalogue)
          .sort()
          .map(([, content]) => `refcat ${content}`)
      : []),
    ...(command.quiet === true ? [] : files.sort().map(([name, content]) => `${name}=${content.trimEnd()}`)),
    ...(command.undeclared === true ? [`undeclared=${model.undeclared.trimEnd()}`] : []),
  ].join('\n');
  const named = namedIds(command, ids);
  return {text, name: `out/${marked.replace('tag=', `${task}-`)}${named === '' ? '' : `-${named}`}.txt`};
}

/** Where a raw exposure lies below its root. */
export const pathOf = ({visit, ccd, filter}: Raw): string =>
  `SKY/2014-01-01/00001/${filter}/HSC-${String(visit).padStart(7, '0')}-${String(ccd).padStart(3, '0')}.fits`;

/** All of a task that changes the root, but for what all tasks have. */
export function ingestIdentity(model: Model, {id, files, script}: Ingest): Record<string, Json> {
  const {program, interpreter} = stackOf(model);
  const contents = Object.fromEntries(files.map(name => [name, contentOf(model, name)]));
  return {ingest: id, contents, program: script ? [] : [program, interpreter], copies: model.copies};
}

/** The rows and files of a root: what a record of changes is about. */
export function rootContents(model: Model, ingested: readonly Raw[]): readonly string[] {
  const {raws, calibrations, catalogue, transmission, skymap} = stackOf(model);
  return [
    ...[...raws, ...ingested].flatMap(raw => [
      `row ${stable([raw.visit, raw.ccd, raw.filter, raw.seconds])}`,
      `file ${pathOf(raw)}`,
    ]),
    ...calibrations.map(({ccd, date}) => `file bias ${date} ${ccd}`),
    ...Object.keys({...catalogue, ...transmission}).map(name => `file ${name}`),
    ...(skymap === null ? [] : ['file sky map']),
  ];
}

/** All that a root holds but reruns, by name: as a script sees it that reads it. */
export function rootFiles(model: Model): Record<string, string> {
  const {raws, calibrations, catalogue, transmission, skymap} = stackOf(model);
  return Object.fromEntries([
    ...raws.map(raw => [pathOf(raw), raw.text] as const),
    ...calibrations.map(
      ({ccd, date, text}) => [`CALIB/BIAS/BIAS-${date}-${String(ccd).padStart(3, '0')}.fits`, text] as const,
    ),
    ...Object.entries(catalogue).map(([name, text]) => [`ref_cats/${name}`, text] as const),
    ...Object.entries(transmission).map(([name, text]) => [`transmission/${name}`, text] as const),
    ...(skymap === null ? [] : [['deepCoadd/skyMap.pickle', skymap] as const]),
  ]);
}

/** What a script that reads a root is known by: its files, the rows of its registries, and its mapper. */
export function wholeRoot(model: Model): Json {
  const {mapper, raws, calibrations} = stackOf(model);
  const rows = raws.map(({visit, ccd, filter, seconds}) => stable([visit, ccd, filter, seconds])).sort();
  return {mapper, files: rootFiles(model), rows, calibrations: calibrations.map(({ccd, date}) => [ccd, date])};
}
