import type {UnsetName} from './script-language.js';

/** Keywords of Python 3; those that are keywords only at some places (`match`, `type`) can be names. */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if import in is ' +
    'lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

/** Why a name can't be a variable of a script of Python; undefined if it can (LANGUAGE 4). */
export function whyNoPythonName(name: string): string | undefined {
  if (!/^[\p{XIDS}_][\p{XIDC}]*$/u.test(name) || name.normalize('NFKC') !== name)
    return 'is no name of a Python variable';
  if (KEYWORDS.has(name)) return 'is a keyword of Python';
  if (/^__.*__$/.test(name)) return 'is a name that Python keeps for itself';
  if (name === 'weft') return "is Weft's own: it has the task's directory, `weft.out`";
  return undefined;
}

/** What Python has without an import, of the names that a notebook might have as well. */
const BUILTINS: ReadonlySet<string> = new Set(
  (
    'abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits ' +
    'delattr dict dir display divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id ' +
    'input int isinstance issubclass iter len license list locals map max memoryview min next object oct open ord pow print property ' +
    'quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars weft zip self cls match case'
  ).split(' '),
);

/** Text without strings and comments, which are left as empty ones. */
const bare = (script: string): string =>
  script.replace(
    /(\b[rbuf]{0,2})?('''[^]*?'''|"""[^]*?"""|'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*")|#.*$/gim,
    (whole: string) => (whole.startsWith('#') ? '' : "''"),
  );

/**
 * Names that a script reads and nowhere sets, and variables of the environment that it asks for: an estimate by eye, for a warning.
 * What is set anywhere, as a parameter or an import too, is taken for set.
 */
export function unsetPythonNames(script: string): readonly UnsetName[] {
  const found: UnsetName[] = [];
  const asked = /\b(?:environ(?:\.get\(|\[)|getenv\()\s*(['"])([A-Za-z_]\w*)\1/g;
  for (const match of script.matchAll(asked)) {
    const name = match[2] ?? '';
    if (!CLEAN.has(name)) found.push({name, of: ['environment'], at: new RegExp(`['"]${name}['"]`)});
  }
  const text = bare(script);
  if (/^\s*from\s+\S+\s+import\s*\(?\s*\*/m.test(text)) return found;
  const set = new Set<string>();
  const add = (names: string): void => {
    for (const [name] of names.matchAll(WORD)) set.add(name);
  };
  // Targets of assignments, also several, annotated and of keywords; loops; imports; definitions with their parameters.
  for (const match of text.matchAll(/([\p{XIDC}\s,.*()[\]]+?)(?:=(?!=)|:=|[-+*/|&^%@]=|:\s*[\p{XIDC}[\], .|]+=)/gu))
    add(match[1] ?? '');
  for (const match of text.matchAll(/\bfor\s+([^]+?)\s+in\b/g)) add(match[1] ?? '');
  for (const match of text.matchAll(/\bimport\s+([^;\n(]+|\([^)]*\))/g)) add(match[1] ?? '');
  for (const match of text.matchAll(/\bas\s+(\([^)]*\)|[\p{XIDC}]+)/gu)) add(match[1] ?? '');
  for (const match of text.matchAll(
    /\b(?:def|class)\s+([\p{XIDC}]+)\s*(?:\(([^:]*(?::[^:]*?)*?)\)\s*(?:->[^:]+)?:)?/gu,
  ))
    add(`${match[1] ?? ''} ${match[2] ?? ''}`);
  for (const match of text.matchAll(/\blambda\b([^:]*):/g)) add(match[1] ?? '');
  for (const match of text.matchAll(/\b(?:global|nonlocal|del|case)\s+([^:\n]+)/g)) add(match[1] ?? '');
  for (const match of text.matchAll(/\b(?:from|import)\s+([\p{XIDC}.]+)/gu)) add(match[1] ?? '');
  const read = new Set(
    Array.from(text.matchAll(new RegExp(`(?<![.\\p{XIDC}$])${WORD.source}`, 'gu')), ([name]) => name),
  );
  for (const name of read) {
    if (set.has(name) || KEYWORDS.has(name) || BUILTINS.has(name) || name in globalThis || /^__/.test(name)) continue;
    if (whyNoPythonName(name) !== undefined) continue;
    found.push({name, of: ['scope'], at: new RegExp(`(?<![.\\p{XIDC}])${name}(?![\\p{XIDC}])`, 'u')});
  }
  return found;
}

const WORD = /[\p{XIDS}_][\p{XIDC}]*/gu;

/** What a task's environment has without being declared. */
const CLEAN: ReadonlySet<string> = new Set(
  'HOME USER LANG TERM PATH LC_ALL TMPDIR PYTHONNOUSERSITE OMP_NUM_THREADS MPLBACKEND PWD'.split(' '),
);
