import {appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** An image that the fake runtimes know. */
export interface FakeImage {
  /** As a gateway or a registry calls it: `weft/simstack:1`. */
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Absolute path of the folder that is `/` inside; `/` itself: the command runs on the machine as it is. */
  readonly tree: string;
  /** What the image's ENV says. */
  readonly env: Readonly<Record<string, string>>;
  readonly type: 'docker' | 'custom';
  readonly workdir?: string;
  readonly entrypoint?: readonly string[];
  /** Absent: it is there. Else what the gateway says to a pull; only after `READY` the image is there. */
  readonly pull?: 'READY' | 'FAILURE';
}

/** A folder of the machine that the site mounts into every shifter container. */
export interface SiteMount {
  readonly from: string;
  readonly to: string;
}

/** A module of podman-hpc: what its flag adds to `podman run`. */
export interface HpcModule {
  /** Set to 1 in the container. */
  readonly env: string;
  /** Each is one word of podman's command line, blanks and all. */
  readonly args: readonly string[];
  /** `run` with the flag is `shared-run`. */
  readonly shared?: boolean;
}

/** What the fakes of one folder are like: `site.json` there. */
export interface Site {
  readonly images: readonly FakeImage[];
  readonly siteMounts: readonly SiteMount[];
  /** What shifter's site adds to every environment. */
  readonly siteEnv: Readonly<Record<string, string>>;
  /** Modules that `shifter --module` knows. */
  readonly shifterModules: readonly string[];
  readonly allowRoot: boolean;
  /** False: no container has the machine's /tmp, so that what is in it must be mounted to be seen. */
  readonly hostTmp: boolean;
  readonly gateway: 'up' | 'down';
  /** False: a SIF cannot be mounted, as on a machine without an openable /dev/fuse. */
  readonly fuse: boolean;
  /** True: apptainer as root says that it may not have CAP_SYS_RESOURCE. */
  readonly rootWithoutResourceCapability: boolean;
  readonly hpcModules: Readonly<Record<string, HpcModule>>;
  /** The program that podman-hpc runs; without it `podman` of PATH. */
  readonly podman?: string;
  /** What podman-hpc gives to every subcommand, instead of `--root /tmp/UID_hpc/storage …`. */
  readonly hpcDefaultArgs?: readonly string[];
  /** What it gives to `run` beyond that, instead of `--storage-opt … --hooks-dir … --env … --annotation … --security-opt …`. */
  readonly hpcRunArgs?: readonly string[];
}

/** The folder of the fakes whose program this is. */
export const home = dirname(dirname(fileURLToPath(import.meta.url)));

/** Reads the site. `FAKE_ALLOW_ROOT` of the environment, 0 or 1, outranks what it says. */
export function readSite(): Site {
  const site = JSON.parse(readFileSync(join(home, 'site.json'), 'utf8')) as Site;
  const root = process.env['FAKE_ALLOW_ROOT'];
  return root === undefined ? site : {...site, allowRoot: root === '1'};
}

/**
 * The words that the shell in front of this script was called with, its path first. Each comes with a colon before it, as
 * Node 20 takes `--env-file` for its own wherever it stands.
 */
export const calledWith = (): readonly string[] => process.argv.slice(2).map(word => word.slice(1));

/** Writes down a call, so that tests see what was called: one line of JSON in `calls`. */
export function logCall(program: string, argv: readonly string[]): void {
  appendFileSync(join(home, 'calls'), `${JSON.stringify({program, argv, pid: process.pid})}\n`);
}

/** The image behind a name at the gateway, if it is there. */
export function lookup(site: Site, type: string, name: string): FakeImage | undefined {
  if (site.gateway === 'down') return undefined;
  const image = site.images.find(each => each.type === type && each.name === name);
  return image !== undefined && isThere(image) ? image : undefined;
}

/** Whether an image needs no pull, or has had it. */
export const isThere = (image: FakeImage): boolean => image.pull === undefined || existsSync(pulled(image));

/** The environment that a process was started with, whatever it made of it since. */
export function environmentOf(pid: string): Readonly<Record<string, string>> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return Object.fromEntries(
    entries.flatMap(entry => {
      const at = entry.indexOf('=');
      return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : [];
    }),
  );
}

/** From now on the image is there. */
export function setPulled(image: FakeImage): void {
  mkdirSync(dirname(pulled(image)), {recursive: true});
  writeFileSync(pulled(image), '');
}

const pulled = (image: FakeImage) => join(home, 'pulled', image.id);

/** The text of a file that the fakes take for a SIF: it begins as a SIF does, and names the tree instead of holding it. */
export const sifText = (image: FakeImage): string =>
  `#!/usr/bin/env run-singularity\n\0SIF_MAGIC\0\n${JSON.stringify(image)}\n`;
