import {groupedNames} from '../../kernel/show/named-groups.js';
import {statusBundle} from '../../kernel/show/status.js';
import {timingsBundle} from '../../kernel/show/timings.js';
import {lineMagic} from './line-magic.js';

/** `%status [NAME…]`: how far futures are. */
export const statusMagic = lineMagic(
  {name: 'status', summary: 'shows how far futures are; without names: all of the notebook', example: '%status'},
  async (line, context) => {
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    const now = Date.now();
    context.display(
      statusBundle(
        groupedNames(named.value).map(({name, nodes}) => {
          const pending = nodes.flatMap(node => (node.is === 'set' ? (node.pending ?? []) : []))[0];
          return {
            title: name,
            tasks: nodes.flatMap(node => node.views()),
            startedAt: now,
            now,
            ...(pending === undefined ? {} : {pending: `waiting for the list \`${pending}\``}),
          };
        }),
        {},
        context.notebook.remarks(line.words.length === 0 ? undefined : named.value.map(({node}) => node)),
      ),
    );
    return undefined;
  },
);

/** `%timings [NAME…]`: how long tasks took, a row for each name of a task. */
export const timingsMagic = lineMagic(
  {name: 'timings', summary: 'shows how long tasks took', example: '%timings'},
  async (line, context) => {
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    const seen = new Set<string>();
    const tasks = named.value
      .flatMap(({node}) => node.views())
      .filter(task => task.fingerprint === undefined || (!seen.has(task.fingerprint) && seen.add(task.fingerprint)));
    context.display(timingsBundle(tasks));
    return undefined;
  },
);
