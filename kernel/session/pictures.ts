import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {picturesHtml, type ShownPicture} from '../show/pictures-html.js';
import type {Bundle} from '../wire/notebook.js';
import {tasksOf, type FutureNode} from './node.js';
import {seriesOf} from './series.js';

/** So many pictures a display has, and so many bytes of them: a notebook's file holds them all. */
const MOST = 6;
const MOST_BYTES = 1_500_000;

/** The pictures that the tasks of some nodes have made, below a display; the same bundle where there are none. */
export function withPictures(bundle: Bundle, nodes: readonly FutureNode[]): Bundle {
  const tasks = nodes.flatMap(node => {
    const series = node.is === 'set' ? seriesOf(node.members ?? []) : undefined;
    return series === undefined || series.parts.repeat.pictures !== undefined ? tasksOf(node) : [];
  });
  const paths = tasks.flatMap(node => {
    const {state, draft} = node;
    if (state.is !== 'done' || draft.pictures === undefined) return [];
    const {directory, outputs} = state.manifest;
    const names = draft.pictures(outputs.map(({path}) => path));
    return names.map(name => ({
      name: node.index.length === 0 ? name : `${node.label} ${name}`,
      at: join(directory ?? '', name),
    }));
  });
  if (paths.length === 0) return bundle;
  const shown: ShownPicture[] = [];
  let bytes = 0;
  for (const {name, at} of paths.slice(0, MOST)) {
    const size = statSync(at, {throwIfNoEntry: false})?.size ?? Infinity;
    if (bytes + size > MOST_BYTES) continue;
    bytes += size;
    shown.push({name, base64: readFileSync(at, 'base64')});
  }
  const hidden = paths.length - shown.length;
  const more = hidden === 0 ? '' : `and ${hidden} more figure${hidden === 1 ? '' : 's'} among the files`;
  const html = `${bundle['text/html'] as string}${picturesHtml(shown, more).toString()}`;
  const text = `${bundle['text/plain'] as string}\n${paths
    .slice(0, MOST)
    .map(({name}) => name)
    .join(' · ')}`;
  return {...bundle, 'text/html': html, 'text/plain': text};
}
