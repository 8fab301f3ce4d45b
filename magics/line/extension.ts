import type {MagicLine} from '../../kernel/cell/syntax.js';
import type {LineContext, Problem} from '../../kernel/session/magic.js';
import {lineMagic, wrong} from './line-magic.js';

/** `%load_ext FILE|PACKAGE`: magics of one's own, from a module that runs in the kernel's process. */
export const loadMagic = lineMagic(
  {name: 'load_ext', summary: 'loads an extension, which adds magics', example: '%load_ext ./mine.js'},
  (line, context) => load(line, context, false),
);

/** `%reload_ext FILE|PACKAGE`: the same, though its file has not changed. */
export const reloadMagic = lineMagic(
  {name: 'reload_ext', summary: 'loads an extension anew', example: '%reload_ext ./mine.js'},
  (line, context) => load(line, context, true),
);

/** `%unload_ext FILE|PACKAGE`: takes back what it has added. */
export const unloadMagic = lineMagic(
  {name: 'unload_ext', summary: 'takes back the magics of an extension', example: '%unload_ext ./mine.js', most: 1},
  async (line, context) => {
    const words = await context.fill(line);
    if (!words.ok) return words.error;
    const [name] = words.value;
    if (name === undefined) return wrong(line, 'W2037', '`%unload_ext` needs a name', 'write `%unload_ext ./mine.js`');
    const unloaded = context.notebook.extensions.unload(name);
    return unloaded.ok ? undefined : [unloaded.error];
  },
);

async function load(line: MagicLine, context: LineContext, again: boolean): Promise<readonly Problem[] | undefined> {
  const words = await context.fill(line);
  if (!words.ok) return words.error;
  const {extensions} = context.notebook;
  if (words.value.length === 0) {
    context.stream('stdout', `${extensions.names().join('\n') || 'no extension is loaded'}\n`);
    return undefined;
  }
  for (const name of words.value) {
    const loaded = await extensions.load(name, again, context.signal);
    if (!loaded.ok) return [loaded.error];
    const {magics, targets, fresh} = loaded.value;
    const added = [...magics, ...targets.map(target => `comm ${target}`)].join(', ') || 'no magic';
    if (fresh) context.stream('stdout', `${name}: ${added}\n`);
  }
  return undefined;
}
