import type {Random} from '../rig/random.js';
import {change, flipped} from './change.js';
import {DISK_EDITS} from './edits-disk.js';
import {LOOK_EDITS} from './edits-look.js';
import {STACK_EDITS} from './edits-stack.js';
import {matched} from './oracle.js';
import {readsOf, taskOf, variablesOf, type Json, type Model, type Script, type Task} from './model.js';

/** A change of a notebook, or of what lies about it. */
export interface Edit {
  readonly name: string;
  /** Whether nothing may run because of it. */
  readonly cosmetic: boolean;
  /** Changes the model; false where there is nothing that it could change. */
  readonly apply?: (model: Model, random: Random) => boolean;
  /** Changes files, after the model was written; tells what it damaged. */
  readonly disk?: (place: Place, random: Random) => boolean;
  /** Only a new kernel notices it, or starts in it. */
  readonly restart?: boolean;
}

/** Where a notebook lies, for edits of files. */
export interface Place {
  /** May be moved. */
  directory: string;
  readonly model: Model;
  /** Directories of results by their identities. */
  readonly results: ReadonlyMap<string, string>;
  damaged(identity: string): void;
}

export const scriptsOf = (model: Model): readonly Script[] => model.tasks.filter(task => task.is === 'script');

const semantic = (name: string, apply: NonNullable<Edit['apply']>, restart = false): Edit => ({name, cosmetic: false, apply, ...(restart ? {restart} : {})});

/** Ids of tasks that nobody reads. */
const leaves = (model: Model): readonly Task[] => model.tasks.filter(task => model.tasks.every(other => !readsOf(other).includes(task.id)));

const keyLists = (model: Model): readonly (string | number)[][] => [
  ...new Set(model.tasks.flatMap(task => (task.is === 'script' ? task.loops.flatMap(({list}) => (list.is === 'keys' ? [list.keys] : [])) : []))),
];

/** Keys that are named somewhere: no list may lose them. */
const namedKeys = (model: Model): ReadonlySet<string> =>
  new Set(model.tasks.flatMap(task => (task.is === 'join' ? [] : task.from.flatMap(({at}) => at.flatMap(index => (index.is === 'key' ? [index.key] : []))))));

const listScripts = (model: Model): readonly Script[] => scriptsOf(model).filter(task => Array.isArray(task.yields) && task.id !== '' && isList(model, task));

const isList = (model: Model, {id}: Script): boolean => model.tasks.some(task => task.is === 'script' && (task.loops.some(({list}) => list.is === 'task' && list.task === id) || task.with.some(({value}) => value.is === 'of' && value.task === id)));

const changeFile = (model: Model, random: Random, names: readonly string[]): boolean =>
  change(names.filter(name => model.files[name] !== undefined), random, name => {
    const before = model.files[name] ?? '';
    while (model.files[name] === before) model.files[name] = flipped(before, random);
  });

const SCRIPT_EDITS: readonly Edit[] = [
  semantic('another body', (model, random) => change(scriptsOf(model), random, task => (task.salt += 2))),
  semantic('another value of --with', (model, random) =>
    change(
      scriptsOf(model).flatMap(task => task.with.filter(({value}) => value.is === 'json')),
      random,
      given => (given.value = {is: 'json', json: random.of<Json>(['other', 7, '7', [2], {c: 'd'}, null, `n${random.below(1000)}`])}),
    ),
  ),
  semantic('one more --with', (model, random) =>
    change(
      scriptsOf(model).filter(task => task.with.length < 4),
      random,
      task => task.with.push({variable: `w${task.with.length + 3}`, value: {is: 'json', json: random.below(9)}}),
    ),
  ),
  semantic('an input is called otherwise', (model, random) =>
    change(
      scriptsOf(model).flatMap(task => task.from),
      random,
      from => (from.variable = from.variable.startsWith('f') ? `g${from.variable}` : from.variable.slice(1)),
    ),
  ),
  semantic('another input', (model, random) =>
    change(
      scriptsOf(model).filter(task => task.from.length > 0),
      random,
      task => {
        const at = model.tasks.indexOf(task);
        const others = model.tasks.slice(0, at).filter(other => other.is === 'script' && task.from.every(each => each.task !== other.id));
        const [first] = task.from;
        if (others.length > 0 && first !== undefined) task.from[0] = {variable: first.variable, task: random.of(others).id, at: []};
      },
    ),
  ),
  semantic('an input file has other content of the same length', (model, random) => changeFile(model, random, Object.keys(model.files).filter(name => name.startsWith('data/')))),
  semantic('a large input file has another byte', (model, random) => changeFile(model, random, ['data/big.bin'])),
  semantic('an input file grows', (model, random) => change(['data/a.txt', 'data/sub/c.txt'], random, name => (model.files[name] += `more ${random.below(100)}\n`))),
  semantic('one more input file', (model, random) => change(['data', 'data/sub'], random, directory => (model.files[`${directory}/n${random.below(50)}.txt`] = `new ${random.below(1000)}\n`))),
  semantic('one input file less', (model, random) =>
    change(
      Object.keys(model.files).filter(name => /^data\/(.*\/)?n\d+\.txt$/.test(name)),
      random,
      name => delete model.files[name],
    ),
  ),
  semantic('an input file is called otherwise', (model, random) =>
    change(
      Object.keys(model.files).filter(name => /^data\/(.*\/)?n\d+\.txt$/.test(name)),
      random,
      name => {
        model.files[`${name.slice(0, -4)}0.txt`] = model.files[name] ?? '';
        delete model.files[name];
      },
    ),
  ),
  semantic('other patterns of --in', (model, random) => change(scriptsOf(model), random, task => (task.in = random.of([[], ['data/b.txt'], ['data/sub/deep'], ['data/*.txt', 'data/sub']])))),
  semantic('other globs of --out', (model, random) =>
    change(
      scriptsOf(model).filter(task => !task.value && task.empty === undefined),
      random,
      task => (task.out = random.of([null, ['x'], ['junk-*.txt'], ['o-*.txt', 'junk-*.txt']])),
    ),
  ),
  semantic('--no-strict', (model, random) => change(scriptsOf(model).filter(({language}) => language === 'bash'), random, task => (task.strict = !task.strict))),
  semantic('--value', (model, random) =>
    change(
      leaves(model).filter(task => task.is === 'script' && task.out !== null),
      random,
      task => task.is === 'script' && (task.value = !task.value),
    ),
  ),
  semantic('the other language', (model, random) =>
    change(
      scriptsOf(model).filter(({language, value}) => language === 'both' && !value),
      random,
      task => (task.reads = task.reads === 'bash' ? 'python' : 'bash'),
    ),
  ),
  semantic('another image', model => {
    if (!scriptsOf(model).some(({container}) => container)) return false;
    model.image = String((Number(model.image) % 9) + 1);
    return true;
  }, true),
  semantic('in a container, or on the host', (model, random) => change(scriptsOf(model).filter(({container}) => container), random, task => (task.container = false))),
];

const LIST_EDITS: readonly Edit[] = [
  semantic('a list gains an element', (model, random) => change(keyLists(model), random, keys => keys.push(typeof keys[0] === 'number' ? Math.max(...keys.map(Number)) + 1 : `e${random.below(1000)}`))),
  semantic('a list loses an element', (model, random) => {
    const named = namedKeys(model);
    return change(
      keyLists(model).filter(keys => keys.length > 1 && keys.some(key => !named.has(String(key)))),
      random,
      keys => keys.splice(keys.findLastIndex(key => !named.has(String(key))), 1),
    );
  }),
  semantic('a task yields a longer list', (model, random) => change(listScripts(model), random, task => (task.yields = [...(task.yields as Json[]), `m${random.below(1000)}`]))),
  semantic('a task yields a shorter list', (model, random) => change(listScripts(model).filter(task => (task.yields as Json[]).length > 1), random, task => (task.yields = (task.yields as Json[]).slice(0, -1)))),
  semantic('a task yields its list in another order', (model, random) => change(listScripts(model).filter(task => (task.yields as Json[]).length > 1), random, task => (task.yields = [...(task.yields as Json[])].reverse()))),
  semantic('a task of another body yields the same', (model, random) => change(scriptsOf(model).filter(({yields}) => yields !== undefined), random, task => (task.salt += 2))),
  semantic('a task yields another value', (model, random) => change(scriptsOf(model).filter(({yields}) => yields !== undefined && !Array.isArray(yields)), random, task => (task.yields = random.below(1000)))),
  {
    name: 'a list in another order',
    cosmetic: true,
    apply: (model, random) => change(keyLists(model).filter(keys => keys.length > 1), random, keys => keys.push(...keys.splice(0, 1))),
  },
];

const SETTINGS_EDITS: readonly Edit[] = [
  semantic('another value of %env', (model, random) => change(Object.keys(model.env), random, name => (model.env[name] = `value${random.below(1000)}`))),
  semantic('%env is declared, or not', model => {
    if (model.env['TWO'] === undefined) model.env['TWO'] = 'two';
    else delete model.env['TWO'];
    return true;
  }, true),
  semantic('declared code is edited', (model, random) => changeFile(model, random, ['lib/code.txt', 'lib/more/part.txt'])),
  semantic('declared code is called otherwise', model => {
    const [from, to] = model.files['lib/extra.txt'] === undefined ? ['lib/more/part.txt', 'lib/extra.txt'] : ['lib/extra.txt', 'lib/more/part.txt'];
    model.files[to] = model.files[from] ?? '';
    delete model.files[from];
    return true;
  }),
  semantic('more code is declared, or less', model => {
    model.code = model.code.includes('notes.md') ? model.code.filter(path => path !== 'notes.md') : [...model.code, 'notes.md'];
    return true;
  }, true),
  semantic('the hashed form has another version', model => {
    model.format = 3 - model.format;
    return true;
  }, true),
];

const FATE_EDITS: readonly Edit[] = [
  semantic('a task fails', (model, random) => change(scriptsOf(model).filter(({broken, always}) => !broken && !always), random, task => (task.broken = true))),
  semantic('a task fails no more', (model, random) => change(scriptsOf(model).filter(({broken}) => broken), random, task => (task.broken = false))),
  semantic('nothing where something is asked for is allowed, or not', (model, random) =>
    change(
      scriptsOf(model).flatMap(({empty}) => empty ?? []),
      random,
      empty => (empty.allowed = !empty.allowed),
    ),
  ),
  semantic('what nobody declares is edited', model => {
    model.undeclared = `u${model.undeclared.length}${model.undeclared}`;
    return scriptsOf(model).some(({always}) => always);
  }),
  semantic('--force', (model, random) => change(scriptsOf(model), random, task => (task.force = true))),
  semantic('a join has another member', (model, random) =>
    change(
      model.tasks.filter(task => task.is === 'join' && task.id === 'j0'),
      random,
      task => {
        if (task.is !== 'join') return;
        if (task.members.length > 1 && task.prefer === undefined) task.members.pop();
        else {
          const other = scriptsOf(model).find(script => !script.value && !task.members.includes(script.id));
          if (other !== undefined) task.members.push(other.id);
        }
      },
    ),
  ),
  semantic('a join prefers a member', (model, random) =>
    change(
      model.tasks.filter(task => task.is === 'join'),
      random,
      task => {
        if (task.is !== 'join') return;
        if (task.prefer !== undefined) delete task.prefer;
        else {
          const single = task.members.every(id => variablesOf(taskOf(model, id)).length === 0);
          const first = single ? random.of(task.members) : undefined;
          if (first !== undefined) {
            task.prefer = first;
            task.members = [first, ...task.members.filter(id => id !== first)];
          }
        }
      },
    ),
  ),
  semantic('the mode of a join', (model, random) =>
    change(
      model.tasks.filter(task => task.is === 'join' && task.id === 'c3'),
      random,
      task => task.is === 'join' && (task.mode = task.mode === 'auto' ? 'link' : task.mode === 'link' ? 'chain' : 'auto'),
    ),
  ),
  {
    name: 'the same files by other patterns',
    cosmetic: true,
    apply: (model, random) =>
      change(
        scriptsOf(model).filter(task => task.in.some(pattern => pattern.includes('*') || model.files[pattern] === undefined)),
        random,
        task => (task.in = Object.keys(matched(task.in, model.files))),
      ),
  },
];

/** All kinds of edits. */
export const EDITS: readonly Edit[] = [...SCRIPT_EDITS, ...LIST_EDITS, ...SETTINGS_EDITS, ...FATE_EDITS, ...STACK_EDITS, ...LOOK_EDITS, ...DISK_EDITS];
