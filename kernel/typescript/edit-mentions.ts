import type {Mentions} from './mention.js';
import type {Script} from './script.js';

/**
 * Puts each name where it lives: `home` gives the object that holds it, undefined for one that is found as it stands. What a module is
 * told of itself, and which modules it means, are asked of `$cell`.
 */
export function editMentions(
  script: Script,
  mentions: Mentions,
  home: (name: string) => string | undefined,
  isConstant: (name: string) => boolean,
): void {
  for (const {start, end} of mentions.metas) script.replace(start, end, '$cell.meta');
  for (const {start, end} of mentions.imports) {
    script.insert(start, '$cell.module(');
    script.insert(end, ')');
  }
  const functions = new Set(
    mentions.declarations.flatMap(({node}) => (node.type === 'VariableDeclaration' ? [] : [node.id.start])),
  );
  for (const {use, name, start, end, shorthand, callee} of mentions.all) {
    if (functions.has(start)) continue;
    const holder = use === 'write' && isConstant(name) ? '$cell.constant' : home(name);
    // A name that lives on the global object is found there as it stands.
    if (holder === undefined || (holder === '$weft' && use !== 'declare')) continue;
    const place = callee ? `(0, ${holder}.${name})` : `${holder}.${name}`;
    script.replace(start, end, shorthand ? `${name}: ${place}` : place);
  }
}
