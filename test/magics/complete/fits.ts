import {placeAt} from '../../../kernel/cell/place.js';
import type {CompletionContext} from '../../../kernel/session/completer.js';
import {shapesOf} from '../../../kernel/session/registry.js';
import {registry} from '../../../magics/registry.js';
import type {Scratch} from '../../rig/scratch.js';

/** What fits at the `|`, as the session asks for it: texts that begin with what is typed, kinds of things as `<futures>`. */
export async function fits(
  folder: Scratch,
  marked: string,
  known: Partial<CompletionContext> = {},
): Promise<readonly string[]> {
  const at = marked.indexOf('|');
  const found = placeAt(marked.replace('|', ''), at, shapesOf(registry));
  if (found.is !== 'magic') throw new Error(`${marked} is ${found.is}`);
  const {place} = found;
  const magic = [...registry.tasks, ...registry.lines].find(each => each.shape.name === place.shape.name);
  const context = {
    directory: folder.path,
    settings: {repo: folder.at('DATA'), environment: new Map([['OMP_NUM_THREADS', '1']])},
    environment: {},
    dataIds: () => [{tract: 0, patch: '1,1', filter: 'HSC-R'}],
    result: () => undefined,
    resultAt: () => undefined,
    images: () => [],
    ...known,
  } as unknown as CompletionContext;
  const fitting = (await magic?.complete?.(place, context)) ?? [];
  return fitting.flatMap(each =>
    typeof each === 'string' ? [`<${each}>`] : each.text.startsWith(place.text) ? [each.text] : [],
  );
}
