import type {Container, Mount} from '../kernel/graph/container.js';
import type {CellContext} from '../kernel/session/cell-magic.js';
import {resultPlaces, taskMounts} from './task-mounts.js';
import type {PyInputs} from './py-inputs.js';

/** The directories of results that a cell takes. */
const taken = ({paths, sets}: PyInputs): readonly string[] => [
  ...Object.values(paths),
  ...Object.values(sets).flatMap(entries => entries.map(([, path]) => path)),
];

/**
 * What an IPython in a container sees of this machine: the notebook's directory, which it may write, the store and the root
 * repository, which it may not, and what `%mount` names.
 */
export async function pyMounts(inputs: PyInputs, {settings, directory}: CellContext): Promise<readonly Mount[]> {
  const {store, repo, mounts} = settings;
  const {named, roots} = resultPlaces(taken(inputs), store);
  const read = await taskMounts({
    directory,
    named,
    roots: [...new Set([...roots, ...(repo === undefined ? [] : [repo])])],
  });
  return [
    ...mounts,
    {source: directory, target: directory, write: true},
    {source: store, target: store, write: false},
    ...read,
  ];
}

/** A result that a cell takes and that a container, which was started before, does not see; undefined: it sees all of them. */
export const unseenBy = (inputs: PyInputs, mounts: readonly Mount[]): string | undefined =>
  taken(inputs).find(path => !mounts.some(({target}) => path === target || path.startsWith(`${target}/`)));

/** A container as a person names it. */
export const containerText = ({runtime, reference}: Container): string => `${runtime}:${reference}`;
