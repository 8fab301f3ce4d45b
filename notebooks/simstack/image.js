// Makes the simulated stack's image without a registry, from programs of this machine. Plain JavaScript, like build.js.
import {execFileSync} from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {writeTar} from './image-tar.js';
import {ENVIRONMENT, imageTree} from './image-tree.js';

const USAGE = `usage: node notebooks/simstack/image.js [--out DIR | --out FILE.tar]... [--load PROGRAM]... [--name NAME]

--out DIR       the image as a new directory, for charliecloud, apptainer or bubblewrap
--out FILE.tar  its file system as a tar file, for \`podman import\` or Containerfile
--load PROGRAM  puts it into an engine: podman, docker, or the path of one of them
--name NAME     its name there (default: localhost/weft-simstack:1)

The same programs give the same bytes, and podman and docker the same image id.
`;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Writes the entries as files below a new directory, and the record by which Weft knows what image it is. */
function writeDirectory(directory, tree, sha256) {
  mkdirSync(directory, {recursive: true});
  if (readdirSync(directory).length > 0) throw new Error(`${directory} is not empty`);
  for (const [path, entry] of tree) {
    const target = join(directory, path);
    if (entry.link !== undefined) symlinkSync(entry.link, target);
    else if (entry.source !== undefined) copyFileSync(entry.source, target);
    else if (entry.content !== undefined) writeFileSync(target, entry.content);
    else mkdirSync(target);
    if (entry.mode !== undefined) chmodSync(target, entry.mode);
  }
  writeFileSync(join(directory, '.weft-image'), `simulated stack, layer sha256:${sha256}\n`);
}

/**
 * Writes what `podman load` and `docker load` take: a layer, and a configuration whose SHA-256 is the image's id
 * (moby/moby:image/spec/spec.md, version 1.2).
 */
function writeArchive(file, layer, sha256, name) {
  const config = JSON.stringify({
    architecture: {x64: 'amd64'}[process.arch] ?? process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: Object.entries(ENVIRONMENT).map(([key, value]) => `${key}=${value}`),
      Cmd: ['/bin/bash'],
      WorkingDir: '/',
    },
    rootfs: {type: 'layers', diff_ids: [`sha256:${sha256}`]},
    history: [{created: '1970-01-01T00:00:00Z', created_by: 'notebooks/simstack/image.js'}],
  });
  const manifest = [{Config: 'config.json', RepoTags: [name], Layers: ['layer.tar']}];
  writeTar(
    file,
    new Map([
      ['config.json', {mode: 0o644, content: Buffer.from(config)}],
      ['layer.tar', {mode: 0o644, source: layer}],
      ['manifest.json', {mode: 0o644, content: Buffer.from(JSON.stringify(manifest))}],
    ]),
  );
}

function main() {
  const {values} = parseArgs({
    options: {
      out: {type: 'string', multiple: true, default: []},
      load: {type: 'string', multiple: true, default: []},
      name: {type: 'string', default: 'localhost/weft-simstack:1'},
      help: {type: 'boolean', short: 'h'},
    },
  });
  if (values.help || values.out.length + values.load.length === 0) {
    console.log(USAGE);
    return;
  }
  const strange = values.load.find(engine => !['podman', 'docker'].includes(basename(engine)));
  if (strange !== undefined) throw new Error(`can load into podman and docker, not into ${strange}`);

  execFileSync(process.execPath, [join(root, 'build.js'), '--quiet'], {stdio: 'inherit'});
  const scratch = mkdtempSync(join(tmpdir(), 'simstack-image-'));
  try {
    const tree = imageTree(root, scratch);
    const layer = join(scratch, 'layer.tar');
    const {sha256, size} = writeTar(layer, tree);
    for (const out of values.out.map(path => resolve(path))) {
      mkdirSync(dirname(out), {recursive: true});
      if (out.endsWith('.tar')) {
        copyFileSync(layer, out);
        console.log(`${out}: ${(size / 1e6).toFixed(0)} MB, sha256:${sha256}`);
      } else {
        writeDirectory(out, tree, sha256);
        console.log(`${out}: a directory`);
      }
    }
    if (values.load.length === 0) return;
    const archive = join(scratch, 'archive.tar');
    writeArchive(archive, layer, sha256, values.name);
    for (const engine of values.load) {
      execFileSync(engine, ['load', '-i', archive], {stdio: ['ignore', 'ignore', 'inherit']});
      console.log(`${basename(engine)}: ${values.name}`);
    }
  } finally {
    rmSync(scratch, {recursive: true, force: true});
  }
}

try {
  main();
} catch (error) {
  console.error(`image: ${error?.message ?? error}`);
  process.exitCode = 1;
}
