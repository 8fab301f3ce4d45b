import {randomBytes} from 'node:crypto';
import {chmod, mkdir, realpath, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {sifText, type FakeImage, type Site} from './site.js';

/** What an image is to be; what is left out, a usual image has. */
export interface ImageWanted {
  /** Folder that is `/` inside; `/` runs commands on the machine as it is. */
  readonly tree: string;
  /** 64 hexadecimal digits; random if absent. */
  readonly id?: string;
  /** The image's ENV; a usual PATH if absent. */
  readonly env?: Readonly<Record<string, string>>;
  readonly type?: 'docker' | 'custom';
  readonly workdir?: string;
  readonly entrypoint?: readonly string[];
  /** What the gateway says to a pull. Absent: the image is there without one. */
  readonly pull?: 'READY' | 'FAILURE';
}

/** Where the installed fakes are. */
export interface Fakes {
  /** The folder to put before PATH. */
  readonly path: string;
  /** What the fakes need in the environment beyond PATH: nothing, as they find `site.json` beside themselves. */
  readonly env: Readonly<Record<string, string>>;
  /** By name. `sif` is a file for apptainer and singularity with the same tree. */
  readonly images: Readonly<Record<string, FakeImage & {readonly sif: string}>>;
  /** The file with one line of JSON, `{program, argv, pid}`, for each call. It is there after the first. */
  readonly calls: string;
}

const sources = fileURLToPath(new URL('.', import.meta.url));
const entries = ['shifter', 'shifterimg', 'apptainer', 'appinit', 'podman-hpc'];

/**
 * Writes fake runtimes into an empty folder: `shifter`, `shifterimg`, `apptainer`, `singularity`, `podman-hpc`. They accept,
 * refuse, print and exit as the real ones do, and really run the command, in mount namespaces with the image's tree as `/`.
 * With `path` before PATH, `shifter --image=docker:NAME true` works for each name of `images`. `site` changes what a site
 * decides: mounts, modules, whether the gateway answers, whether root may run shifter (by default, as CI is root).
 */
export async function installFakes(
  directory: string,
  images: Readonly<Record<string, ImageWanted>>,
  site: Partial<Omit<Site, 'images'>> = {},
): Promise<Fakes> {
  await mkdir(directory, {recursive: true});
  const home = await realpath(directory);
  const path = join(home, 'bin');
  const libexec = join(home, 'libexec');
  for (const folder of [
    path,
    libexec,
    join(home, 'mnt'),
    join(home, 'sif'),
    join(home, 'hooks.d'),
    join(home, 'modules.d'),
  ])
    await mkdir(folder, {recursive: true});

  const known = Object.entries(images).map(([name, wanted]): FakeImage => {
    const env = wanted.env ?? {PATH: '/usr/local/bin:/usr/bin:/bin'};
    return {type: 'docker', ...wanted, name, env, id: wanted.id ?? randomBytes(32).toString('hex')};
  });
  const all: Site = {
    images: known,
    siteMounts: [],
    siteEnv: {SHIFTER_RUNTIME: '1'},
    shifterModules: ['gpu', 'mpich'],
    allowRoot: true,
    hostTmp: true,
    gateway: 'up',
    fuse: true,
    rootWithoutResourceCapability: false,
    hpcModules: {
      gpu: {env: 'ENABLE_GPU', args: ['-e NVIDIA_VISIBLE_DEVICES']},
      mpi: {env: 'ENABLE_MPICH', args: [], shared: true},
      'cuda-mpi': {env: 'ENABLE_CUDA_MPICH', args: [], shared: true},
      ...Object.fromEntries(
        ['nccl', 'scratch', 'home', 'cfs', 'cvmfs', 'jupyter', 'openmpi-pmi2', 'openmpi-pmix'].map(name => [
          name,
          {env: `ENABLE_${name.toUpperCase().replaceAll('-', '_')}`, args: []},
        ]),
      ),
    },
    ...site,
  };
  await writeFile(join(home, 'site.json'), JSON.stringify(all, null, 1));

  await build({
    entryPoints: entries.map(name => ({in: join(sources, `fake-${name}.ts`), out: name})),
    outdir: libexec,
    outExtension: {'.js': '.mjs'},
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  await symlink('/usr/bin/sleep', join(libexec, 'squashfuse_ll'));
  const programs = {
    shifter: becoming(join(libexec, 'shifter.mjs'), true),
    'podman-hpc': becoming(join(libexec, 'podman-hpc.mjs'), false),
    shifterimg: running(join(libexec, 'shifterimg.mjs')),
    apptainer: running(join(libexec, 'apptainer.mjs')),
    singularity: running(join(libexec, 'apptainer.mjs')),
    'fuse-overlayfs-wrap': '#!/bin/sh\nexec fuse-overlayfs "$@"\n',
  };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(path, name), text);
    await chmod(join(path, name), 0o755);
  }

  const found: Record<string, FakeImage & {readonly sif: string}> = {};
  for (const image of known) {
    const sif = join(home, 'sif', `${image.name.replaceAll(/[/:]/g, '_')}.sif`);
    await writeSif(sif, image);
    found[image.name] = {...image, sif};
  }
  return {path, env: {}, images: found, calls: join(home, 'calls')};
}

/** Writes a file that the fakes take for a SIF: it begins as a SIF does, and names the tree instead of holding it. */
export async function writeSif(file: string, image: FakeImage): Promise<void> {
  await writeFile(file, sifText(image), {mode: 0o755});
}

/**
 * A program that becomes the command: only a shell can exec, Node 20 cannot. It asks a script what to do, which answers on
 * descriptor 8. `deaf`: HUP, INT and TERM are lost meanwhile, so the script is in a session of its own, where signals to the
 * group leave it alone. The shell's number is given so that the script reads the environment that the caller gave, not the
 * shell's.
 */
function becoming(script: string, deaf: boolean): string {
  const asking = `exec ${deaf ? 'setsid ' : ''}${shellWords([process.execPath, script])} ":$$" "$@"`;
  return [
    '#!/bin/sh',
    ...(deaf ? ["trap '' HUP INT TERM"] : []),
    `{ plan=$({ ${withColons}; ${asking}; } 8>&1 >&9 9>&- < /dev/null); } 9>&1`,
    'status=$?',
    '[ -n "$plan" ] || exit "$status"',
    'eval "$plan"',
    '',
  ].join('\n');
}

/** A program that is a script for Node. */
const running = (script: string): string =>
  `#!/bin/sh\n${withColons}\nexec ${shellWords([process.execPath, script])} "$@"\n`;

/** Puts the program before its words, and a colon before each. */
const withColons = 'set -- "$0" "$@"; for word do shift; set -- "$@" ":$word"; done';

const shellWords = (words: readonly string[]) =>
  words.map(text => `'${text.replaceAll("'", String.raw`'\''`)}'`).join(' ');
