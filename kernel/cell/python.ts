const PYTHON: readonly RegExp[] = [
  /^import\s+[\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+(?:\s+as\s+\w+)?)*$/,
  /^from\s+\.*[\w.]*\s+import\s+(?:\*|\(|\w)/,
  /^(?:async\s+)?def\s+\w+\s*\(.*\)\s*(?:->.*)?:/,
  /^def\s+\w+\s*\([^)]*$/,
  /^class\s+\w+\s*(?:\([^)]*\))?\s*:/,
  /^print\s+["'\w]/,
  /^(?:async\s+)?for\s+(?!\(|await\b)[\w\s,()*]+?\s+in\s+.+:/,
  /^(?:if|elif|while|with)\s+.+:$/,
  /^(?:else|try|finally)\s*:$/,
  /^except(?:\s+.*)?:$/,
  /^(?:raise|assert|global|nonlocal|del)\s+\w+/,
  // A comprehension, `x and not y`, an f-string.
  /[[({][^"'`]*\sfor\s+[\w\s,()]+\s+in\s+.+[\])}]$/,
  /^[^"'`]*\b\w+\s+(?:and|or|not\s+in|is\s+not)\s+\w/,
  /^(?:[\w.[\]]+\s*=\s*|\w+\()?(?:f|rb|br|fr|rf)["'].*["']\)?$/i,
];

/** Line and cell magics of IPython that people know by heart, and that Weft does not have. */
const IPYTHON: ReadonlySet<string> = new Set(
  (
    'autoreload capture cd conda debug html javascript latex ls magic matplotlib pdb pip pwd pylab reset run ' +
    'sh time timeit who who_ls whos writefile xmode'
  ).split(' '),
);

/** True for the name of a magic of IPython. */
export const isOfIPython = (name: string): boolean => IPYTHON.has(name);

/** Lines that no Python has: TypeScript with a mistake in it is not taken for Python. */
const TYPESCRIPT = /^(?:const|let|var|function|export|interface|enum)\s|^\/\/|^\/\*|=>/;

/**
 * True where a text looks like Python: `import numpy as np`, `from x import y`, `def f():`, `print x`, `for i in x:`. Some such text is TypeScript as well
 * (`print` and a name on lines of their own): the caller asks only about text that TypeScript refuses.
 */
export function looksLikePython(text: string): boolean {
  // No TypeScript begins so.
  if (/^\s*#(?:\s|%%)/.test(text)) return true;
  const lines = text
    .split(/\r?\n/)
    .map(line => line.replace(/(^|\s)#.*$/, '').trim())
    .filter(line => line !== '');
  return lines.some(line => PYTHON.some(form => form.test(line))) && !lines.some(line => TYPESCRIPT.test(line));
}
