import {existsSync, readFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {filesBelow} from '../script-inputs.js';
import {readRepositoryCfg, REPOSITORY_CFG} from './repository-cfg.js';

/**
 * Where the datasets that can be shown lie in a rerun of HSC, as templates of a path
 * (lsst/obs_subaru@18.1.0:policy/HscMapper.yaml). The first of a kind that a repository has is its default.
 */
const TEMPLATES: Readonly<Record<string, string>> = {
  deepCoadd: 'deepCoadd/{filter}/{tract}/{patch}.fits',
  deepCoadd_nImage: 'deepCoadd/{filter}/{tract}/{patch}_nImage.fits',
  deepCoadd_directWarp: 'deepCoadd/{filter}/{tract}/{patch}/warp-{filter}-{tract}-{patch}-{visit}.fits',
  deepCoadd_psfMatchedWarp: 'deepCoadd/{filter}/{tract}/{patch}/psfMatchedWarp-{filter}-{tract}-{patch}-{visit}.fits',
  calexp: '{pointing}/{filter}/corr/CORR-{visit}-{ccd}.fits',
  calexpBackground: '{pointing}/{filter}/corr/BKGD-{visit}-{ccd}.fits',
  src: '{pointing}/{filter}/output/SRC-{visit}-{ccd}.fits',
  icSrc: '{pointing}/{filter}/output/ICSRC-{visit}-{ccd}.fits',
};

/** The names of datasets that can be looked for. */
export const DATASETS: readonly string[] = Object.keys(TEMPLATES);

/** A dataset that is there: its file, and the keys that its path tells. */
export interface FoundDataset {
  readonly dataset: string;
  readonly path: string;
  readonly keys: Readonly<Record<string, string>>;
}

/** The files of a dataset in a repository and its parents that agree with the given keys; a file hides those of the parents. Sorted by path. */
export function findDatasets(
  repository: string,
  dataset: string,
  keys: Readonly<Record<string, string>>,
): readonly FoundDataset[] {
  const template = TEMPLATES[dataset];
  if (template === undefined) return [];
  const pattern = patternOf(template);
  const found = new Map<string, FoundDataset>();
  for (const directory of searchPath(repository)) {
    for (const name of filesBelow(directory, '.')) {
      const match = pattern.exec(name);
      if (match === null || found.has(name)) continue;
      const own = {...match.groups};
      if (Object.entries(keys).every(([key, value]) => !(key in own) || same(own[key] ?? '', value)))
        found.set(name, {dataset, path: join(directory, name), keys: own});
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** What a dataset is of: `{ccd: 16, filter: 'HSC-R'}`. */
export type DataId = Readonly<Record<string, string | number>>;

/** Keys whose values are numbers; the others are texts. */
const NUMBERS: ReadonlySet<string> = new Set(['visit', 'ccd', 'tract', 'pointing']);

/**
 * What the datasets among some files of a repository are of, without doubles and sorted: `{ccd: 16, filter: 'HSC-R', …}`.
 * Files of unknown kinds say nothing.
 */
export function dataIdsOf(files: Iterable<string>): readonly DataId[] {
  const found = new Map<string, DataId>();
  for (const file of files) {
    const known = datasetOf(file);
    if (known === undefined) continue;
    const entries = Object.entries(known.id);
    found.set(entries.map(([key, value]) => `${key}=${String(value).padStart(12, '0')}`).join(' '), known.id);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, id]) => id);
}

/** The datasets among some files of a repository, in the order in which one is the default, and what the files of each are of. */
export function datasetsAmong(files: Iterable<string>): ReadonlyMap<string, readonly DataId[]> {
  const found = new Map<string, DataId[]>();
  for (const file of files) {
    const known = datasetOf(file);
    if (known === undefined) continue;
    const ids = found.get(known.dataset);
    if (ids === undefined) found.set(known.dataset, [known.id]);
    else ids.push(known.id);
  }
  return new Map([...found].sort(([a], [b]) => DATASETS.indexOf(a) - DATASETS.indexOf(b)));
}

/** What the path of a file in a repository tells: of which dataset it is, and of what. */
function datasetOf(file: string): {readonly dataset: string; readonly id: DataId} | undefined {
  for (const [dataset, pattern] of PATTERNS) {
    const groups = pattern.exec(file)?.groups;
    if (groups === undefined) continue;
    const entries = Object.entries(groups).map(
      ([key, text]) => [key, NUMBERS.has(key) && /^\d+$/.test(text) ? Number(text) : text] as const,
    );
    return {dataset, id: Object.fromEntries(entries)};
  }
  return undefined;
}

/** The first dataset that a repository itself has files of, else one that its parents have. */
export function defaultDataset(repository: string): string | undefined {
  for (const directory of searchPath(repository)) {
    const names = filesBelow(directory, '.');
    const dataset = DATASETS.find(each => {
      const pattern = patternOf(TEMPLATES[each] ?? '');
      return names.some(name => pattern.test(name));
    });
    if (dataset !== undefined) return dataset;
  }
  return undefined;
}

/** A repository and its parents, depth first, without the root: its raws are no results. Absolute directories. */
export function searchPath(repository: string): readonly string[] {
  const seen: string[] = [];
  const visit = (directory: string): void => {
    if (seen.includes(directory)) return;
    const path = join(directory, REPOSITORY_CFG);
    if (!existsSync(path)) return;
    seen.push(directory);
    const cfg = readRepositoryCfg(readFileSync(path, 'utf8'));
    if (!cfg.ok) return;
    for (const parent of cfg.value.parents) if (parent.kind === 'path') visit(resolve(directory, parent.path));
  };
  visit(resolve(repository));
  return seen.length > 0 ? seen : [dirname(join(repository, 'x'))];
}

function patternOf(template: string): RegExp {
  const seen = new Set<string>();
  const source = template.replace(/[.]/g, '\\.').replace(/\{(\w+)\}/g, (_, key: string) => {
    if (seen.has(key)) return `\\k<${key}>`;
    seen.add(key);
    return key === 'patch' ? `(?<${key}>\\d+,\\d+)` : `(?<${key}>[^/_-][^/]*?)`;
  });
  return new RegExp(`^${source}$`);
}

/** Visits and ccds are written with leading zeros. */
const same = (a: string, b: string): boolean =>
  a === b || (/^\d+$/.test(a) && /^\d+$/.test(b) && Number(a) === Number(b));

const PATTERNS: readonly (readonly [string, RegExp])[] = Object.entries(TEMPLATES).map(
  ([dataset, template]) => [dataset, patternOf(template)] as const,
);
