import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Work} from '../../kernel/graph/work.js';
import type {MagicContext} from '../../kernel/session/magic.js';
import {formatDataId, type DataId} from './data-id.js';
import type {Way} from './lsst-recipe.js';
import {PersonWork} from './person-work.js';
import type {Plan} from './plan.js';
import {RerunWork, ShowWork, type Command, type Expectation} from './rerun-work.js';
import {RootWork} from './root-work.js';

/**
 * How the task of a plan is done.
 * @param parents the directories of the parents, in search order
 */
export function workOf(
  plan: Plan,
  way: Way,
  command: Command,
  parents: readonly string[],
  fingerprint: Fingerprint,
  context: MagicContext,
): Work {
  const {call, entry, normal} = plan;
  const expected: Expectation = {
    task: call.task,
    writes: entry.writes,
    allowEmpty: call.options.allowEmpty,
    about: aboutOf(normal.ids['id'] ?? []),
  };
  switch (way) {
    case 'rerun':
      return new RerunWork(command, parents, fingerprint, expected);
    case 'show':
      return new ShowWork(
        command,
        parents,
        fingerprint,
        call.task,
        normal.show.length === 1 && normal.show[0] === 'data',
      );
    case 'person':
      return new PersonWork(command, plan.rerun ?? '', parents, expected, fingerprint, context.places);
    case 'root':
      return new RootWork(command, call.task, fingerprint);
  }
}

/** What data ids are about, for messages: `patch 0,0 in HSC-R`. */
function aboutOf(ids: readonly DataId[]): string {
  const [only, ...more] = ids;
  if (only === undefined || more.length > 0 || Object.keys(only).length === 0) return '';
  const {patch, filter} = only;
  if (patch !== undefined) return `patch ${patch}${filter === undefined ? '' : ` in ${filter}`}`;
  return formatDataId(only);
}
