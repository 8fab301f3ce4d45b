import {change} from './change.js';
import {semantic, type Edit} from './edit.js';
import {usesRoot, type Ingest, type Model} from './model.js';

const ingests = (model: Model): readonly Ingest[] => model.tasks.filter(task => task.is === 'ingest');

/** Edits of tasks that change the root, and of what they have put there. */
export const INGEST_EDITS: readonly Edit[] = [
  semantic('one more file to ingest', (model, random) =>
    change(ingests(model), random, task => {
      const name = `incoming/${random.of([1, 2])}-${60 + random.below(30)}-HSC-R.fits`;
      model.files[name] ??= `incoming ${random.below(1000)}`;
      if (!task.files.includes(name)) task.files.push(name);
    }),
  ),
  semantic('a file to ingest less', (model, random) =>
    change(
      ingests(model).filter(({files}) => files.length > 1),
      random,
      task => task.files.pop(),
    ),
  ),
  semantic('other content of a file to ingest', (model, random) =>
    change(
      ingests(model).flatMap(({files}) => files),
      random,
      name => (model.files[name] = `other ${random.below(1000)}`),
    ),
  ),
  semantic('what changes the root is moved', (model, random) =>
    change(ingests(model), random, task => {
      model.tasks.splice(model.tasks.indexOf(task), 1);
      const places = model.tasks.flatMap((other, at) => (usesRoot(other) ? [at] : []));
      model.tasks.splice(random.of([...places, model.tasks.length]), 0, task);
    }),
  ),
  semantic('an exposure that was ingested is taken out of the root', (model, random) =>
    change(model.stack?.ingested ?? [], random, raw => {
      const all = model.stack?.ingested ?? [];
      all.splice(all.indexOf(raw), 1);
    }),
  ),
  semantic('an ingest with --force', (model, random) => change(ingests(model), random, task => (task.force = true))),
];
