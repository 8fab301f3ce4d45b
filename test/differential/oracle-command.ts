import type {Command, Json, Model, Raw, Stack} from './model.js';

type Row = ReadonlyMap<string, string | number>;

/** The parts of a root that the programs read, by their names. Without a parent each looks for a sky map too. */
const READS: Readonly<Record<string, readonly ('raw' | 'calib' | 'refcat' | 'transmission')[]>> = {
  processCcd: ['raw', 'calib', 'refcat', 'transmission'],
  characterizeImage: ['raw', 'calib', 'refcat', 'transmission'],
  makeCoaddTempExp: [],
  measureCoaddSources: ['refcat'],
};

/** The values of each key of a data id, in this round of the loops: sorted texts without repetition. */
export function idsOf({ids}: Command, row: Row): readonly (readonly [key: string, values: readonly string[]])[] {
  return Object.entries(ids)
    .map(([key, values]) => {
      const looped = row.get(key);
      return [key, [...new Set((looped === undefined ? values : [looped]).map(String))].sort()] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const exposuresOf = (stack: Stack, command: Command, row: Row): readonly Raw[] => {
  const ids = new Map(idsOf(command, row));
  const fits = (key: string, value: string | number): boolean => ids.get(key)?.includes(String(value)) ?? true;
  return stack.raws.filter(raw => fits('visit', raw.visit) && fits('ccd', raw.ccd) && fits('filter', raw.filter));
};

/** What the slice of the root that a command reads holds. */
function sliceOf(stack: Stack, command: Command, row: Row): Record<string, Json> {
  const reads = READS[command.task] ?? [];
  const raws = exposuresOf(stack, command, row);
  const slice: Record<string, Json> = {mapper: stack.mapper};
  if (reads.includes('raw')) slice['raw'] = raws.map(raw => ({...raw}));
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
export function commandIdentity(model: Model, command: Command, row: Row): Record<string, Json> {
  const stack = stackOf(model);
  const {task, config, configFile, options, words, show} = command;
  return {
    task,
    ids: idsOf(command, row),
    config: [...config.map(([name, value]) => `${name}=${value}`), ...tag(command, row)],
    configFile: configFile === null ? null : contentOf(model, configFile),
    options: [...options].sort(([a], [b]) => (a < b ? -1 : 1)),
    words,
    show,
    rerun: command.rerun?.name ?? null,
    program: [stack.program, stack.interpreter],
    root: sliceOf(stack, command, row),
  };
}

const tag = ({id, rerun}: Command, row: Row): readonly string[] => [
  `tag=${[rerun?.tag ?? id, ...row.values()].join('-')}`,
];

/** The text that the program gathers, and the name of the file that it writes. */
export function commandText(
  model: Model,
  command: Command,
  row: Row,
  parents: readonly Readonly<Record<string, string>>[],
): {readonly text: string; readonly name: string} {
  const stack = stackOf(model);
  const {task, config, configFile, options, words} = command;
  const reads = READS[task] ?? [];
  const raws = [...exposuresOf(stack, command, row)].sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
  const [marked = ''] = tag(command, row);
  const files = Object.entries(Object.assign({}, ...parents) as Record<string, string>);
  const text = [
    `${task} v${stack.program} i${stack.interpreter} ${model.env['ONE'] ?? ''}${model.env['TWO'] ?? ''} ${stack.assigned}`,
    ...Object.entries(stack.local)
      .sort()
      .map(([name, content]) => `local ${name}=${content}`),
    ...idsOf(command, row).map(([key, values]) => `id ${key}=${values.join('^')}`),
    ...config.map(([name, value]) => `config ${name}=${value}`),
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
    ...files.sort().map(([name, content]) => `${name}=${content.trimEnd()}`),
  ].join('\n');
  return {text, name: `out/${marked.replace('tag=', `${task}-`)}.txt`};
}

/** Where a raw exposure lies below its root. */
export const pathOf = ({visit, ccd, filter}: Raw): string =>
  `SKY/2014-01-01/00001/${filter}/HSC-${String(visit).padStart(7, '0')}-${String(ccd).padStart(3, '0')}.fits`;
