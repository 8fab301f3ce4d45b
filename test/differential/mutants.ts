import type {Replacement} from './variant.js';

/** A build with one thing left out, and the edits at which it must be found out. */
export interface Mutant {
  /** The hashed fields that it leaves out, as `Type.field`; or a check that it skips. */
  readonly leaves: readonly string[];
  readonly replacements: readonly Replacement[];
  /** Kinds of edits, made one after the other, each several times. */
  readonly edits: readonly string[];
  /** Whether the notebook has containers; then it has no stack. */
  readonly containers?: true;
  /** It is caught as tasks wait for each other without end. */
  readonly hangs?: true;
  /** Whether the notebook has a set with a member that fails. */
  readonly failures?: true;
  /** Whether it has tasks in reruns of a person's. */
  readonly persons?: true;
  /** Whether it has chains of reruns that read through each other. */
  readonly chains?: true;
  /** Whether it has little but tasks that change the root, and readers of it. */
  readonly ingests?: true;
  /** Why more than one field is left out at once. */
  readonly note?: string;
}

const RECIPE = 'kernel/graph/recipe.ts';
const LSST = 'magics/lsst/lsst-recipe.ts';
const ROOT = 'magics/lsst/root-identity.ts';
const SCRIPT = 'magics/script-recipe.ts';
const JOIN = 'magics/join-draft.ts';
const SETUP = 'magics/setup-identity.ts';

const one = (leaves: string, file: string, text: string, by: string, ...edits: readonly string[]): Mutant => ({
  leaves: [leaves],
  replacements: [{file, text, by}],
  edits,
});

const HASH = 'return fingerprintOf(`task/${kind}`, rest);';
/** The same for elements of a set, which share all but their variables. */
const HASHES = "return fingerprintsOf(`task/${kind}`, rest, 'variables');";

/** Leaves a field of the recipe out of the hash. */
const recipe = (field: string, ...edits: readonly string[]): Mutant => ({
  leaves: [`Recipe.${field}`],
  replacements: [
    {
      file: RECIPE,
      text: HASH,
      by: `const {${field}: _, ...less} = rest; return fingerprintOf(\`task/\${kind}\`, less);`,
    },
    {
      file: RECIPE,
      text: HASHES,
      by:
        field === 'variables'
          ? 'return () => fingerprintOf(`task/${kind}`, rest);'
          : `const {${field}: _, ...less} = rest; return fingerprintsOf(\`task/\${kind}\`, less, 'variables');`,
    },
  ],
  edits,
});

/** All mutants: for each hashed field one, and for each check of a hit. */
export const MUTANTS: readonly Mutant[] = [
  {
    leaves: ['Recipe.kind'],
    replacements: [
      {
        file: RECIPE,
        text: HASH,
        by: "const {name: _n, code: _c, ...less} = rest; return fingerprintOf('task', less);",
      },
      {
        file: RECIPE,
        text: HASHES,
        by: "const {name: _n, code: _c, ...less} = rest; return fingerprintsOf('task', less, 'variables');",
      },
    ],
    edits: ['the other language'],
    note: 'with `name` and `code`, which tell bash and Python apart too',
  },
  recipe('name', 'another program of the same content'),
  recipe('arguments', 'another body'),
  recipe('variables', 'another value of --with'),
  {
    ...recipe('inputs', 'a raw exposure'),
    hangs: true,
    note: 'a join then waits for another one of the same fingerprint',
  },
  {
    leaves: ['Recipe.inputs of all but joins'],
    replacements: [
      {
        file: RECIPE,
        text: HASH,
        by: "const {inputs: _, ...less} = rest; return fingerprintOf(`task/${kind}`, kind === 'join' ? rest : less);",
      },
    ],
    edits: ['a raw exposure', 'another body'],
  },
  recipe('code', 'the program on the host'),
  recipe('setup', 'the version of a product'),
  recipe('sources', 'declared code is edited'),
  recipe('environment', 'another value of %env'),
  recipe('files', 'an input file has other content of the same length'),
  one('Code.image', SCRIPT, '{image: {...base.container.identity}}', '{}', 'another image'),
  one(
    'Code.program',
    'magics/lsst/program.ts',
    'ok({...image, program: program.value})',
    'ok({...image})',
    'the program on the host',
    'what the program is started with',
  ),
  one(
    'ScriptArguments.script',
    SCRIPT,
    '    script,\n    ...(call.strict',
    "    script: '',\n    ...(call.strict",
    'another body',
  ),
  one('ScriptArguments.strict', SCRIPT, '...(call.strict ? {} : {strict: false}),', '', '--no-strict'),
  {
    ...one(
      'ScriptArguments.missing',
      SCRIPT,
      '...(missing.length === 0 ? {} : {missing: [...new Set(missing)].sort()}),',
      '',
      'a member that failed is taken from its list',
    ),
    failures: true,
  },
  one('ScriptArguments.value', SCRIPT, '...(call.value ? {value: true} : {}),', '', '--value'),
  one(
    'ScriptArguments.out',
    SCRIPT,
    '...(call.out === undefined ? {} : {out: [...new Set(call.out)].sort()}),',
    '',
    'other globs of --out',
  ),
  one(
    'LsstArguments.ids',
    LSST,
    'if (Object.keys(normal.ids).length > 0)',
    'if (Object.keys(normal.ids).length > 1e9)',
    'other data',
  ),
  one(
    'LsstArguments.config',
    LSST,
    'if (normal.config.length > 0)',
    'if (normal.config.length > 1e9)',
    'a value of a configuration',
  ),
  one('LsstArguments.options', LSST, 'if (normal.others.length > 0)', 'if (normal.others.length > 1e9)', 'an option'),
  one(
    'LsstArguments.words',
    LSST,
    'if (normal.positional.length > 0)',
    'if (normal.positional.length > 1e9)',
    'a word',
  ),
  one(
    'LsstArguments.show',
    LSST,
    'if (normal.show.length > 0) args.show = [...normal.show];',
    '',
    'it prints something else',
  ),
  {
    ...one(
      'LsstArguments.rerun',
      LSST,
      "if (way === 'person') args.rerun = plan.rerun ?? '';",
      "if (way === 'person') args.rerun = '';",
      'an option',
    ),
    persons: true,
  },
  one(
    'JoinArguments.mode',
    JOIN,
    "...(planned === 'repo' && call.mode !== 'auto' ? {mode: call.mode} : {}),",
    '',
    'the mode of a join',
  ),
  one('JoinArguments.prefer', JOIN, '...(prefer.length === 0 ? {} : {prefer}),', '', 'a join prefers a member'),
  {
    ...one(
      'JoinArguments.missing',
      JOIN,
      '...(missing.length === 0 ? {} : {missing}),',
      '',
      'a member that failed is taken from its list',
    ),
    failures: true,
  },
  one('RootContents.mapper', ROOT, '{mapper: root.mapper}', "{mapper: ''}", 'the mapper'),
  one('RootContents.raw', ROOT, "if (parts.includes('raw'))\n", 'if (parts.length > 99)\n', 'a raw exposure'),
  one(
    'RootContents.calib',
    ROOT,
    "if (parts.includes('calib')) slice",
    'if (parts.length > 99) slice',
    'a calibration',
  ),
  one(
    'RootContents.refcat',
    ROOT,
    "if (parts.includes('refcat')) slice",
    'if (parts.length > 99) slice',
    'the reference catalogue',
  ),
  one(
    'RootContents.transmission',
    ROOT,
    "if (parts.includes('transmission')) slice",
    'if (parts.length > 99) slice',
    'a transmission curve',
  ),
  one(
    'RootContents.skymap',
    ROOT,
    "if (parts.includes('skymap')) slice",
    'if (parts.length > 99) slice',
    'the sky map in the root',
  ),
  one('SetupContents.products', SETUP, '{products: rows, assigned}', '{assigned}', 'the version of a product'),
  one(
    'SetupContents.assigned',
    SETUP,
    '{products: rows, assigned}',
    '{products: rows}',
    'a variable that the set-up makes',
  ),
  one(
    'the tree of a product of one’s own',
    SETUP,
    'canonicalJson([identity, trees])',
    'canonicalJson([identity])',
    'a file of a product of one’s own',
  ),
  {
    leaves: ['the version of the hashed form'],
    replacements: [
      ...['text', 'head'].map(name => ({
        file: 'kernel/fingerprint/fingerprint.ts',
        text: `const ${name} = \`weft/\${kind}/\${FINGERPRINT_VERSION}\\n`,
        by: `const ${name} = \`weft/\${kind}\\n`,
      })),
      // All tasks behind `%code` have it from there, too.
      {
        file: 'kernel/fingerprint/directory-tree.ts',
        text: 'weft/directory/${FINGERPRINT_VERSION}\\n',
        by: 'weft/directory\\n',
      },
    ],
    edits: ['the hashed form has another version'],
  },
  one(
    'names of files in a directory',
    'kernel/fingerprint/directory-tree.ts',
    '${canonicalJson(byName)}',
    '${canonicalJson(byName.map(([, digest]) => digest).sort())}',
    'declared code is called otherwise',
  ),
  one(
    'stamps of the stat cache',
    'kernel/fingerprint/stat-cache.ts',
    'known !== undefined && isSame(known, stats) && isSure(known)',
    'known !== undefined',
    'an input file has other content of the same length',
  ),
  one(
    'the check of outputs',
    'kernel/run/hits.ts',
    'const good = await checkpoints.check(manifest);\n    if (left())',
    'const good = {ok: true as const, value: manifest, error: ""};\n    if (left())',
    'an output is removed',
    'an output is written over',
  ),
  one(
    'the comparison of editions',
    'kernel/run/hits.ts',
    'if (current !== undefined && current !== edition) {',
    'if (current === -1) {',
    'what nobody declares is edited',
  ),
  {
    ...one(
      'the edition of what is read through',
      'magics/lsst/root-reader.ts',
      'if (work.through !== undefined) this.through = work.through;',
      '',
      'what read something undeclared is forced',
    ),
    chains: true,
  },
  {
    ...one(
      'the record of what changes a root',
      'magics/lsst/root-work.ts',
      'return Promise.resolve(this.#changes.recheck(manifest));',
      'return Promise.resolve(manifest.label === "" ? "" : undefined);',
      'an exposure that was ingested is taken out of the root',
    ),
    ingests: true,
  },
  {
    ...one(
      'the whole of a root that a script reads',
      'magics/lsst/whole-root.ts',
      'canonicalJson({mapper: root.mapper, registries, files})',
      'canonicalJson({mapper: root.mapper})',
      'a raw exposure',
      'one more file to ingest',
    ),
    ingests: true,
  },
  one(
    'the place of a copied tree',
    'kernel/run/checkpoints.ts',
    'work.directory === undefined || manifest?.directory === work.directory ? manifest : undefined',
    'manifest',
    'the tree is copied elsewhere, without its times',
  ),
];
