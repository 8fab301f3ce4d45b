import {change} from './change.js';
import {scriptsOf, semantic, type Edit} from './edit.js';
import type {Json, Model, Script} from './model.js';

const keyLists = (model: Model): readonly (string | number)[][] => [
  ...new Set(
    model.tasks.flatMap(task =>
      task.is === 'script' ? task.loops.flatMap(({list}) => (list.is === 'keys' ? [list.keys] : [])) : [],
    ),
  ),
];

/** Keys that are named somewhere: no list may lose them. */
const namedKeys = (model: Model): ReadonlySet<string> =>
  new Set(
    model.tasks.flatMap(task =>
      task.is === 'join' || task.is === 'ingest'
        ? []
        : task.from.flatMap(({at}) => at.flatMap(index => (index.is === 'key' ? [index.key] : []))),
    ),
  );

const listScripts = (model: Model): readonly Script[] =>
  scriptsOf(model).filter(task => Array.isArray(task.yields) && task.id !== '' && isList(model, task));

const isList = (model: Model, {id}: Script): boolean =>
  model.tasks.some(
    task =>
      task.is === 'script' &&
      (task.loops.some(({list}) => list.is === 'task' && list.task === id) ||
        task.with.some(({value}) => value.is === 'of' && value.task === id)),
  );
/** Edits of lists, and of what yields them. */
export const LIST_EDITS: readonly Edit[] = [
  semantic('a list gains an element', (model, random) =>
    change(keyLists(model), random, keys =>
      keys.push(typeof keys[0] === 'number' ? Math.max(...keys.map(Number)) + 1 : `e${random.below(1000)}`),
    ),
  ),
  semantic('a list loses an element', (model, random) => {
    const named = namedKeys(model);
    return change(
      keyLists(model).filter(keys => keys.length > 1 && keys.some(key => !named.has(String(key)))),
      random,
      keys =>
        keys.splice(
          keys.findLastIndex(key => !named.has(String(key))),
          1,
        ),
    );
  }),
  semantic('a task yields a longer list', (model, random) =>
    change(listScripts(model), random, task => (task.yields = [...(task.yields as Json[]), `m${random.below(1000)}`])),
  ),
  semantic('a task yields a shorter list', (model, random) =>
    change(
      listScripts(model).filter(task => (task.yields as Json[]).length > 1),
      random,
      task => (task.yields = (task.yields as Json[]).slice(0, -1)),
    ),
  ),
  semantic('a task yields its list in another order', (model, random) =>
    change(
      listScripts(model).filter(task => (task.yields as Json[]).length > 1),
      random,
      task => (task.yields = [...(task.yields as Json[])].reverse()),
    ),
  ),
  semantic('a task of another body yields the same', (model, random) =>
    change(
      scriptsOf(model).filter(({yields}) => yields !== undefined),
      random,
      task => (task.salt += 2),
    ),
  ),
  semantic('a task yields another value', (model, random) =>
    change(
      scriptsOf(model).filter(({yields}) => yields !== undefined && !Array.isArray(yields)),
      random,
      task => (task.yields = random.below(1000)),
    ),
  ),
  semantic('a member that failed is taken from its list', (model, random) =>
    change(
      scriptsOf(model).flatMap(task => {
        const [first] = task.loops;
        const at = first?.list.is === 'keys' ? first.list.keys.indexOf(task.fails ?? '') : -1;
        return first?.list.is === 'keys' && at > 0 ? [{keys: first.list.keys, at}] : [];
      }),
      random,
      ({keys, at}) => keys.splice(at, 1),
    ),
  ),
  semantic('another member fails', (model, random) =>
    change(
      scriptsOf(model).filter(task => task.fails !== undefined),
      random,
      task => {
        const [first] = task.loops;
        if (first?.list.is === 'keys') task.fails = String(random.of(first.list.keys));
      },
    ),
  ),
  {
    name: 'more members may fail',
    cosmetic: true,
    apply: (model, random) =>
      change(
        model.tasks.flatMap(task =>
          task.is !== 'command' && task.is !== 'ingest' && task.allowed !== undefined ? [task] : [],
        ),
        random,
        task => (task.allowed = (task.allowed ?? 0) + 1),
      ),
  },
  {
    name: 'a list in another order',
    cosmetic: true,
    apply: (model, random) =>
      change(
        keyLists(model).filter(keys => keys.length > 1),
        random,
        keys => keys.push(...keys.splice(0, 1)),
      ),
  },
];
