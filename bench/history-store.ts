import {join} from 'node:path';
import {digestOf} from '../kernel/fingerprint/fingerprint.js';
import type {Manifest} from '../kernel/graph/manifest.js';
import {fingerprintOfRecipe, type Recipe} from '../kernel/graph/recipe.js';
import {Store} from '../kernel/store/store.js';

/** Hosts and file names of the history that is made up. */
const HOSTS = ['nid00123', 'nid00124', 'login03'];

/**
 * Fills a store with the history of tasks that never ran, as journals have it: in two runs, most with three files, every tenth a
 * value, every hundredth failed before.
 * @param text what each script is, so that a task of a notebook can be among the labels of the history
 */
export async function fillStore(
  directory: string,
  count: number,
  text = 'detect "$visit" --sigma 5 > "$WEFT_OUT/catalogue.csv"',
): Promise<void> {
  const began = Date.now() - count * 2000;
  for (let run = 0; run < 2; run++) {
    const opened = await Store.open({directory});
    if (!opened.ok) throw new Error(opened.error.message);
    const store = opened.value;
    for (let at = run; at < count; at += 2) {
      const manifest = madeUp(at, began + at * 2000, store, text);
      if (at % 100 === 0)
        store.recordFailure(
          manifest.fingerprint,
          manifest.label,
          {
            reason: 'exit',
            code: 1,
            log: join(directory, 'work/none/.weft.log'),
            tail: 'detect: no star brighter than 18\n',
          },
          {startedAt: began + at * 2000 - 900, endedAt: began + at * 2000 - 500},
        );
      store.recordResult(manifest);
      if (at % 2000 === run) await store.flush();
    }
    await store.close();
  }
}

function madeUp(at: number, endedAt: number, store: Store, text: string): Manifest {
  const isValue = at % 10 === 0;
  const visit = 900_000 + 2 * (at % 5000);
  const recipe: Recipe = {
    kind: 'bash',
    name: isValue ? 'count' : 'detect',
    arguments: {text: `${text} # ${Math.floor(at / 5000)}`, strict: true, value: isValue, out: ['*.csv', '*.txt']},
    variables: {visit: {is: 'json', value: visit}},
    inputs: [],
    setup: digestOf('set up'),
    environment: {OMP_NUM_THREADS: '1'},
    files: {[`raw/${visit}.fits`]: digestOf(`raw ${visit}`)},
  };
  const fingerprint = fingerprintOfRecipe(recipe);
  const outputs = ['catalogue.csv', 'notes.txt', 'regions.txt'].map(path => ({
    path,
    size: 1000 + at,
    mtimeNs: `${endedAt}000000`,
    sha256: digestOf(`${path} ${at}`),
  }));
  return {
    version: 1,
    fingerprint,
    recipe,
    label: `${recipe.name} visit=${visit}`,
    edition: 1,
    read: {},
    ...(isValue
      ? {value: {stars: at}, log: `detect: ${at} stars\n`}
      : {directory: store.workDirectory(recipe.name, fingerprint)}),
    outputs: isValue ? [] : outputs,
    exit: 0,
    startedAt: new Date(endedAt - 1500).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    host: HOSTS[at % HOSTS.length] ?? '',
  };
}
