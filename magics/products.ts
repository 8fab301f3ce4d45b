import type {LocalProduct} from './product-tree.js';

/** Product and version of each line of `eups list -s`, sorted, and those that are directories of the person's own. */
export function readProducts(listed: string): {
  readonly rows: readonly string[];
  readonly locals: readonly LocalProduct[];
} {
  const locals: LocalProduct[] = [];
  const rows = listed.split('\n').flatMap(line => {
    const local = /^\s*(\S+)\s+LOCAL:(.+?)(?:\s+setup)?\s*$/.exec(line);
    if (local !== null) {
      const [, name = '', directory = ''] = local;
      locals.push({name, directory});
      return [`${name} LOCAL`];
    }
    const [product = '', version] = line.trim().split(/\s+/);
    return version === undefined ? [] : [`${product} ${version}`];
  });
  return {rows: rows.sort(), locals: locals.sort((a, b) => (a.name < b.name ? -1 : 1))};
}
