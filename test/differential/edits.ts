import {change, changeFile} from './change.js';
import {scriptsOf, semantic, type Edit} from './edit.js';
import {DISK_EDITS} from './edits-disk.js';
import {LIST_EDITS} from './edits-list.js';
import {LOOK_EDITS} from './edits-look.js';
import {SCRIPT_EDITS} from './edits-script.js';
import {STACK_EDITS} from './edits-stack.js';
import {readsOf, tagOf, taskOf, variablesOf, type Command, type Join, type Model, type Script} from './model.js';
import {matched} from './oracle-files.js';

const isRead = (model: Model, {id}: Script): boolean => model.tasks.some(other => readsOf(other).includes(id));

const commandsOf = (model: Model): readonly Command[] => model.tasks.filter(task => task.is === 'command');

const joinsOf = (model: Model): readonly Join[] => model.tasks.filter(task => task.is === 'join');

const SETTINGS_EDITS: readonly Edit[] = [
  semantic('another value of %env', (model, random) =>
    change(Object.keys(model.env), random, name => (model.env[name] = `value${random.below(1000)}`)),
  ),
  semantic(
    '%env is declared, or not',
    model => {
      if (model.env['TWO'] === undefined) model.env['TWO'] = 'two';
      else delete model.env['TWO'];
      return true;
    },
    true,
  ),
  semantic('declared code is edited', (model, random) =>
    changeFile(model, random, ['lib/code.txt', 'lib/more/part.txt']),
  ),
  semantic('declared code is called otherwise', model => {
    const [from, to] =
      model.files['lib/extra.txt'] === undefined
        ? ['lib/more/part.txt', 'lib/extra.txt']
        : ['lib/extra.txt', 'lib/more/part.txt'];
    model.files[to] = model.files[from] ?? '';
    Reflect.deleteProperty(model.files, from);
    return true;
  }),
  semantic(
    'more code is declared, or less',
    model => {
      model.code = model.code.includes('notes.md')
        ? model.code.filter(path => path !== 'notes.md')
        : [...model.code, 'notes.md'];
      return true;
    },
    true,
  ),
  semantic(
    'the hashed form has another version',
    model => {
      model.format = 3 - model.format;
      return true;
    },
    true,
  ),
];

const FATE_EDITS: readonly Edit[] = [
  semantic('a task fails', (model, random) =>
    change(
      scriptsOf(model).filter(({broken, always}) => !broken && !always),
      random,
      task => (task.broken = true),
    ),
  ),
  semantic('a task fails no more', (model, random) =>
    change(
      scriptsOf(model).filter(({broken}) => broken),
      random,
      task => (task.broken = false),
    ),
  ),
  semantic('nothing where something is asked for is allowed, or not', (model, random) =>
    change(
      // Of one that nobody reads: what was made of a result stays as good as it was.
      scriptsOf(model).flatMap(task => (isRead(model, task) ? [] : (task.empty ?? []))),
      random,
      empty => (empty.allowed = !empty.allowed),
    ),
  ),
  semantic('what nobody declares is edited', model => {
    model.undeclared = `u${model.undeclared.length}${model.undeclared}`;
    return model.tasks.some(task => (task.is === 'script' ? task.always : task.is === 'command' && task.undeclared));
  }),
  semantic('--force', (model, random) => change(scriptsOf(model), random, task => (task.force = true))),
  // Of one that is also a part of another nobody can say which of both was first.
  semantic('a command with --force', (model, random) =>
    change(
      commandsOf(model).filter(({id, tag}) => tag === undefined && commandsOf(model).every(other => other.tag !== id)),
      random,
      task => (task.force = true),
    ),
  ),
  semantic('%force', (model, random) =>
    change(
      model.tasks.filter(({id}) => !model.failing.some(name => name.startsWith(`${id}-`) || name === id)),
      random,
      ({id}) => model.forced.push(id),
    ),
  ),
  semantic('something fails from now on, for no reason that is declared', (model, random) =>
    change(
      model.forced.length > 0
        ? []
        : model.tasks.filter(task => task.is === 'command' || (task.is === 'script' && task.language === 'bash')),
      random,
      task => {
        if (task.is !== 'script' && task.is !== 'command') return;
        const name = task.is === 'command' ? tagOf(task) : task.id;
        const [first] = task.loops;
        if (first === undefined) model.failing.push(name);
        else if (first.list.is === 'keys' && task.loops.length === 1)
          model.failing.push(`${name}-${random.of(first.list.keys)}`);
      },
    ),
  ),
  semantic('a member of a set fails from now on, and is made again', (model, random) =>
    change(
      model.forced.length > 0
        ? []
        : model.tasks.filter(({id}) => (id === 'm0' || id === 'v0') && model.failing.length === 0),
      random,
      task => {
        if (task.is !== 'script' && task.is !== 'command') return;
        const [first] = task.loops;
        if (first?.list.is === 'keys') model.failing.push(`${task.id}-${random.of(first.list.keys)}`);
        if (random.below(2) === 0) task.force = true;
      },
    ),
  ),
  semantic('what failed fails no more', model => {
    const failed = model.failing.length > 0;
    model.failing = [];
    return failed;
  }),
  semantic('what read something undeclared is forced', (model, random) => {
    model.undeclared = `v${model.undeclared.length}${model.undeclared}`;
    return change(
      commandsOf(model).filter(({undeclared}) => undeclared && model.failing.length === 0),
      random,
      task => {
        if (random.below(2) === 0) task.force = true;
        else model.forced.push(task.id);
      },
    );
  }),
  semantic('a join has another member', (model, random) =>
    change(
      joinsOf(model).filter(task => task.id === 'j0'),
      random,
      task => {
        if (task.members.length > 1 && task.prefer === undefined) task.members.pop();
        else {
          const other = scriptsOf(model).find(
            script =>
              !script.value &&
              script.empty === undefined &&
              !task.members.includes(script.id) &&
              model.tasks.indexOf(script) < model.tasks.indexOf(task),
          );
          if (other !== undefined) task.members.push(other.id);
        }
      },
    ),
  ),
  semantic('a join prefers a member', (model, random) =>
    change(joinsOf(model), random, task => {
      if (task.prefer !== undefined) delete task.prefer;
      else {
        const single = task.members.every(id => variablesOf(taskOf(model, id)).length === 0);
        const first = single ? random.of(task.members) : undefined;
        if (first !== undefined) {
          task.prefer = first;
          task.members = [first, ...task.members.filter(id => id !== first)];
        }
      }
    }),
  ),
  semantic('the mode of a join', (model, random) =>
    change(
      joinsOf(model).filter(task => task.id === 'c3'),
      random,
      task => (task.mode = task.mode === 'auto' ? 'link' : task.mode === 'link' ? 'chain' : 'auto'),
    ),
  ),
  {
    name: 'the same files by other patterns',
    cosmetic: true,
    apply: (model, random) =>
      change(
        scriptsOf(model).filter(task =>
          task.in.some(pattern => pattern.includes('*') || model.files[pattern] === undefined),
        ),
        random,
        task => (task.in = Object.keys(matched(task.in, model.files))),
      ),
  },
];

/** All kinds of edits. */
export const EDITS: readonly Edit[] = [
  ...SCRIPT_EDITS,
  ...LIST_EDITS,
  ...SETTINGS_EDITS,
  ...FATE_EDITS,
  ...STACK_EDITS,
  ...LOOK_EDITS,
  ...DISK_EDITS,
];
