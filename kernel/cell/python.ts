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
];

/** Lines that no Python has: TypeScript with a mistake in it is not taken for Python. */
const TYPESCRIPT = /^(?:const|let|var|function|export|interface|enum)\s|^\/\/|^\/\*|=>/;

/**
 * True where a text looks like Python: `import numpy as np`, `from x import y`, `def f():`, `print x`, `for i in x:`. Some such text is TypeScript as well
 * (`print` and a name on lines of their own): the caller asks only about text that TypeScript refuses.
 */
export function looksLikePython(text: string): boolean {
  const lines = text
    .split(/\r?\n/)
    .map(line => line.replace(/(^|\s)#.*$/, '').trim())
    .filter(line => line !== '');
  return lines.some(line => PYTHON.some(form => form.test(line))) && !lines.some(line => TYPESCRIPT.test(line));
}
