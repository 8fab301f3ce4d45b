import {mkdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {build, type Plugin} from 'esbuild';

/** The repository. */
const ROOT = resolve(import.meta.dirname, '../..');

/** A replacement in a source file, made while a variant is built. */
export interface Replacement {
  /** Relative to the repository. */
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

/** Another version of the hashed form, as a later release may have. */
export const NEXT_FORMAT: Replacement = {
  file: 'kernel/fingerprint/fingerprint.ts',
  text: 'export const FINGERPRINT_VERSION = 1;',
  by: 'export const FINGERPRINT_VERSION = 2;',
};

// CommonJS dependencies inside an ES module still ask for these three.
const BANNER = [
  "import {createRequire as __createRequire} from 'node:module';",
  "import {fileURLToPath as __fileURLToPath} from 'node:url';",
  'const require = __createRequire(import.meta.url);',
  'const __bundleFile = __fileURLToPath(import.meta.url);',
  "const __bundleFolder = __fileURLToPath(new URL('.', import.meta.url));",
].join('');

/** The text of a source with its replacements; throws where what is to be replaced does not stand there once. */
export function replaced(file: string, replacements: readonly Replacement[]): string {
  let text = readFileSync(join(ROOT, file), 'utf8');
  for (const {text: old, by} of replacements.filter(each => each.file === file)) {
    if (text.split(old).length !== 2) throw new Error(`${file} has ${text.split(old).length - 1} times: ${old}`);
    text = text.replace(old, () => by);
  }
  return text;
}

/** Builds the driver with replacements in its sources, which stay as they are. Gives the bundle's path. */
export async function buildVariant(name: string, replacements: readonly Replacement[]): Promise<string> {
  const files = new Set(replacements.map(({file}) => file));
  for (const file of files) replaced(file, replacements);
  const plugin: Plugin = {
    name: 'replacements',
    setup(bundling) {
      bundling.onLoad({filter: /\.ts$/}, ({path}) => {
        const file = path.slice(ROOT.length + 1);
        return files.has(file) ? {contents: replaced(file, replacements), loader: 'ts'} : undefined;
      });
    },
  };
  // Where it lies, it finds the modules that are not bundled.
  const outfile = join(ROOT, 'node_modules', '.cache', 'weft-differential', `${name}-${process.pid}`, 'driver.js');
  mkdirSync(join(outfile, '..'), {recursive: true});
  await build({
    absWorkingDir: ROOT,
    entryPoints: [join(import.meta.dirname, 'driver.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['zeromq', 'better-sqlite3', 'oxc-transform', 'node-sqlite3-wasm', 'typescript'],
    banner: {js: BANNER},
    define: {__filename: '__bundleFile', __dirname: '__bundleFolder'},
    plugins: [plugin],
    logLevel: 'error',
  });
  return outfile;
}
