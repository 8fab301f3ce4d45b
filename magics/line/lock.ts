import {lineMagic} from './line-magic.js';

/** `%lock`: what each name of an image is pinned to, in `weft.lock` beside the notebook. */
export const lockMagic = lineMagic(
  {
    name: 'lock',
    summary: 'shows which image each name means: weft.lock, meant for version control',
    example: '%lock',
    most: 0,
  },
  async (line, context) => {
    const pins = await context.containers.pins();
    if (!pins.ok) return [{...pins.error, span: line.span}];
    const {path, said} = pins.value;
    context.stream('stdout', said.length === 0 ? 'no image is pinned\n' : `${[`${path}:`, ...said].join('\n')}\n`);
    return undefined;
  },
);
