// Bundles the entry points into dist/. Plain JavaScript: install.js runs it on a machine that has nothing else yet.
// usage: node build.js [--force] [--quiet]
// A run that finds nothing changed since the last one ends in a few milliseconds, so tests may always call it.
import {createHash} from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
const stamp = join(dist, '.stamp');

/** Name in dist/ and source. A source that does not exist is left out. */
const entries = {
  kernel: 'kernel/main.ts',
  notebook: 'kernel/open-notebook.ts',
  weft: 'kernel/cli.ts',
  user: 'kernel/user.ts',
  language: 'kernel/language.ts',
  simstack: 'notebooks/simstack/main.ts',
  bench: 'bench/main.ts',
};
const copies = {
  'runner.sh': 'kernel/run/runner.sh',
  'container-outside.sh': 'kernel/container-outside.sh',
  'container-inside.sh': 'kernel/container-inside.sh',
  'logo.svg': 'kernel/logo.svg',
};
const programs = ['weft', 'simstack'];

/** What has native code, or is so big that it is loaded only when it is needed: it stays in node_modules. */
const external = ['zeromq', 'better-sqlite3', 'oxc-transform', 'node-sqlite3-wasm', 'typescript'];

// CommonJS dependencies inside an ES module still ask for these three.
const banner = [
  "import {createRequire as __createRequire} from 'node:module';",
  "import {fileURLToPath as __fileURLToPath} from 'node:url';",
  'const require = __createRequire(import.meta.url);',
  'const __bundleFile = __fileURLToPath(import.meta.url);',
  "const __bundleFolder = __fileURLToPath(new URL('.', import.meta.url));",
].join('');
// One thread beside the main one, not four: where there are few cores, V8's own would hold back the loop that brings results to the disk.
const hashbang = '#!/usr/bin/env -S node --v8-pool-size=1\n';

/** Path, size and time of every file that may reach the bundles. */
function signature() {
  const lines = [process.version];
  const visit = path => {
    const status = statSync(path, {throwIfNoEntry: false});
    if (status === undefined) lines.push(`${path} absent`);
    else if (!status.isDirectory()) lines.push(`${path} ${status.size} ${status.mtimeMs}`);
    else for (const name of readdirSync(path).sort()) visit(join(path, name));
  };
  for (const path of ['build.js', 'package-lock.json', 'kernel', 'magics', 'notebooks/simstack', 'bench'])
    visit(join(root, path));
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

function fresh(now, names) {
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== now) return false;
  return names.every(name => existsSync(join(dist, name)));
}

async function bundle(sources, target) {
  const {build} = await import('esbuild');
  const {outputFiles} = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(sources).map(([out, source]) => ({in: join(root, source), out})),
    outdir: dist, // what the paths in the source maps are relative to
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    external,
    inject: [join(root, 'kernel/typescript/platform.ts')],
    banner: {js: banner},
    define: {__filename: '__bundleFile', __dirname: '__bundleFolder'},
    logLevel: 'warning',
  });
  for (const {path, contents} of outputFiles) writeFileSync(join(target, basename(path)), contents);
}

/** Makes a bundle a program. The new first line moves all others down, in the source map too. */
function makeProgram(path) {
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith('#!')) {
    writeFileSync(path, hashbang + text);
    const map = JSON.parse(readFileSync(`${path}.map`, 'utf8'));
    writeFileSync(`${path}.map`, JSON.stringify({...map, mappings: `;${map.mappings}`}));
  }
  chmodSync(path, 0o755);
}

/** Files are made beside dist/ and renamed into it one by one: a kernel that starts meanwhile finds a whole file. */
async function main() {
  const {values} = parseArgs({options: {force: {type: 'boolean'}, quiet: {type: 'boolean'}}});
  const began = performance.now();
  const say = text => values.quiet || console.log(text);

  const sources = Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(join(root, source))));
  const files = Object.fromEntries(Object.entries(copies).filter(([, source]) => existsSync(join(root, source))));
  const names = [...Object.keys(sources).map(name => `${name}.js`), ...Object.keys(files)];
  const now = signature();
  if (!values.force && fresh(now, names)) {
    say(`build: dist/ is up to date (${Math.round(performance.now() - began)} ms)`);
    return;
  }

  mkdirSync(dist, {recursive: true});
  const target = join(dist, `.new-${process.pid}`);
  try {
    mkdirSync(target, {recursive: true});
    await bundle(sources, target);
    for (const name of programs) if (name in sources) makeProgram(join(target, `${name}.js`));
    for (const [name, source] of Object.entries(files)) {
      copyFileSync(join(root, source), join(target, name));
      if (name.endsWith('.sh')) chmodSync(join(target, name), 0o755);
    }
    for (const name of readdirSync(target)) renameSync(join(target, name), join(dist, name));
  } finally {
    rmSync(target, {recursive: true, force: true});
  }
  writeFileSync(stamp, now);
  say(`build: ${names.join(' ') || 'nothing to bundle yet'} (${Math.round(performance.now() - began)} ms)`);
}

try {
  await main();
} catch (error) {
  // esbuild has printed its own errors already.
  if (error?.errors === undefined) console.error(`build: ${error?.message ?? error}`);
  process.exitCode = 1;
}
