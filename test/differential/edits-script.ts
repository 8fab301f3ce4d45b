import {change, changeFile} from './change.js';
import {scriptsOf, semantic, type Edit} from './edit.js';
import {readsOf, type Json, type Model, type Task} from './model.js';

/** Ids of tasks that nobody reads. */
const leaves = (model: Model): readonly Task[] =>
  model.tasks.filter(task => model.tasks.every(other => !readsOf(other).includes(task.id)));
/** Files that came later, and that no pattern of `--in` names by itself. */
const unnamed = (model: Model): readonly string[] =>
  Object.keys(model.files).filter(
    name => /^data\/(.*\/)?n\d+\.txt$/.test(name) && scriptsOf(model).every(task => !task.in.includes(name)),
  );

/** Edits of scripts and of the files that they read. */
export const SCRIPT_EDITS: readonly Edit[] = [
  semantic('another body', (model, random) => change(scriptsOf(model), random, task => (task.salt += 2))),
  semantic('another value of --with', (model, random) =>
    change(
      scriptsOf(model).flatMap(task => task.with.filter(({value}) => value.is === 'json')),
      random,
      given =>
        (given.value = {
          is: 'json',
          json: random.of<Json>(['other', 7, '7', [2], {c: 'd'}, null, `n${random.below(1000)}`]),
        }),
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
        const others = model.tasks
          .slice(0, at)
          .filter(
            other =>
              other.is === 'script' && other.empty === undefined && task.from.every(each => each.task !== other.id),
          );
        const [first] = task.from;
        if (others.length > 0 && first !== undefined)
          task.from[0] = {variable: first.variable, task: random.of(others).id, at: []};
      },
    ),
  ),
  semantic('an input file has other content of the same length', (model, random) =>
    changeFile(
      model,
      random,
      Object.keys(model.files).filter(name => name.startsWith('data/')),
    ),
  ),
  semantic('a large input file has another byte', (model, random) => changeFile(model, random, ['data/big.bin'])),
  semantic('an input file grows', (model, random) =>
    change(
      ['data/a.txt', 'data/sub/c.txt'],
      random,
      name => (model.files[name] = `${model.files[name] ?? ''}more ${random.below(100)}\n`),
    ),
  ),
  semantic('one more input file', (model, random) =>
    change(
      ['data', 'data/sub'],
      random,
      directory => (model.files[`${directory}/n${random.below(50)}.txt`] = `new ${random.below(1000)}\n`),
    ),
  ),
  semantic('one input file less', (model, random) =>
    change(unnamed(model), random, name => Reflect.deleteProperty(model.files, name)),
  ),
  semantic('an input file is called otherwise', (model, random) =>
    change(unnamed(model), random, name => {
      model.files[`${name.slice(0, -4)}0.txt`] = model.files[name] ?? '';
      Reflect.deleteProperty(model.files, name);
    }),
  ),
  semantic('other patterns of --in', (model, random) =>
    change(
      scriptsOf(model),
      random,
      task => (task.in = random.of([[], ['data/b.txt'], ['data/sub/deep'], ['data/*.txt', 'data/sub']])),
    ),
  ),
  semantic('other globs of --out', (model, random) =>
    change(
      scriptsOf(model).filter(task => !task.value && task.empty === undefined),
      random,
      task => (task.out = random.of([null, ['x'], ['junk-*.txt'], ['o-*.txt', 'junk-*.txt']])),
    ),
  ),
  semantic('--no-strict', (model, random) =>
    change(
      scriptsOf(model).filter(({language}) => language === 'bash'),
      random,
      task => (task.strict = !task.strict),
    ),
  ),
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
  semantic(
    'another image',
    model => {
      if (!scriptsOf(model).some(({container}) => container)) return false;
      model.image = String((Number(model.image) % 9) + 1);
      return true;
    },
    true,
  ),
  semantic('in a container, or on the host', (model, random) =>
    change(
      scriptsOf(model).filter(({container}) => container),
      random,
      task => (task.container = false),
    ),
  ),
];
