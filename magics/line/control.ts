import {lineMagic, surplusOf, wrong} from './line-magic.js';

/** `%wait [NAME…]`: until they have ended, with their display. */
export const waitMagic = lineMagic(
  {name: 'wait', summary: 'waits until futures have ended; without names: all of the notebook', example: '%wait warps'},
  async (line, context) => {
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    const nodes = named.value.map(({node}) => node);
    if (line.words.length > 0 && nodes.length > 0) context.watch(line.words.map(word => word.raw).join(' '), nodes);
    await context.notebook.wait(nodes);
    return undefined;
  },
);

/** `%cancel NAME…` or `--all`: ends tasks that run, recalls those that wait. */
export const cancelMagic = lineMagic(
  {name: 'cancel', summary: 'ends the tasks of futures', example: '%cancel warps[HSC-R]', options: {all: 'none'}},
  async (line, context) => {
    if (line.options.some(option => option.name === 'all')) {
      const surplus = surplusOf(line, 0, '%cancel --all');
      if (surplus !== undefined) return surplus;
      context.notebook.cancelAll();
      return undefined;
    }
    if (line.words.length === 0)
      return wrong(line, 'W2037', '`%cancel` needs a name', 'write `%cancel NAME`, or `%cancel --all`');
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    for (const {node} of named.value) context.notebook.cancel(node);
    return undefined;
  },
);

/** `%retry NAME…`: starts over what failed or was blocked. */
export const retryMagic = lineMagic(
  {name: 'retry', summary: 'starts over what failed or was blocked', example: '%retry coadds'},
  async (line, context) => {
    if (line.words.length === 0)
      return wrong(line, 'W2037', '`%retry` needs a name', 'write `%retry NAME`, or `%retry *`');
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    for (const {node} of named.value) context.notebook.retry(node);
    context.watch(
      line.words.map(word => word.raw).join(' '),
      named.value.map(({node}) => node),
    );
    return undefined;
  },
);

/** `%force NAME…`: runs again what is done. */
export const forceMagic = lineMagic(
  {
    name: 'force',
    summary: 'runs again though it is cached; readers follow if bytes differ',
    example: '%force coadds[HSC-I]',
  },
  async (line, context) => {
    if (line.words.length === 0) return wrong(line, 'W2037', '`%force` needs a name', 'write `%force NAME`');
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    for (const {node} of named.value) context.notebook.force(node);
    context.watch(
      line.words.map(word => word.raw).join(' '),
      named.value.map(({node}) => node),
    );
    return undefined;
  },
);
