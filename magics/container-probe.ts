import {accessSync, constants, readdirSync, statSync} from 'node:fs';
import {basename, dirname, isAbsolute, join, normalize, resolve} from 'node:path';
import {canonicalJson, digestOf, type Digest} from '../kernel/fingerprint/fingerprint.js';
import type {Mount} from '../kernel/graph/container.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Problem, ProbePlace, SetupProbe} from '../kernel/session/magic.js';
import {hostPathOf} from './mounted.js';
import {readProbe, writeProbe, type ProbeRecord} from './probe-record.js';
import {MARK, probeScript} from './probe-script.js';
import {readProducts} from './products.js';
import {sameFiles, setupFiles} from './setup-files.js';
import {contentsOfSetup, identifyNow, setupIdentity} from './setup-identity.js';

/** What differs from process to process and means nothing to a task. */
const NOISE = new Set(['_', 'SHLVL', 'PWD', 'OLDPWD']);

/** A set-up that is looked at in a container. */
export interface InsideInput {
  /** Bash text of `%setup`; empty: the environment is the image's. */
  readonly text: string;
  readonly directory: string;
  /** HOME, USER, LANG and TERM, as far as the kernel has them: the same for every task (LANGUAGE 4). */
  readonly clean: Readonly<Record<string, string>>;
}

/**
 * Finds what a set-up makes in a container: the image's environment and what the text adds, without what the runtime does. A
 * container is started once for a text, an image and what the text names; the next kernel finds the answer in the store.
 */
export async function probeInside(input: InsideInput, place: ProbePlace): Promise<Result<SetupProbe, Problem>> {
  const {text, directory, clean} = input;
  const files = await filesOf(text, directory, clean['HOME'] ?? '/', place);
  const key = keyOf(input, place, files);
  const kept = readProbe(place.store, key);
  if (kept !== undefined) return ok(probeOf(kept, input, place, files));
  const found = await look(input, place);
  if (!found.ok) return found;
  writeProbe(place.store, key, found.value);
  return ok(probeOf(found.value, input, place, files));
}

const filesOf = (text: string, directory: string, home: string, place: ProbePlace): Promise<Files> =>
  setupFiles(
    text,
    directory,
    home,
    path => hostPathOf(path, place.mounts),
    path => place.digest(path),
  );

type Files = Readonly<Record<string, string>>;

function keyOf({text, directory, clean}: InsideInput, {container, mounts}: ProbePlace, files: Files): Digest {
  // The terminal changes nothing that a set-up makes.
  const {HOME = '/', USER = '', LANG = ''} = clean;
  return digestOf(
    `weft/probe/1\n${canonicalJson({
      text: text.trim(),
      runtime: container.runtime,
      image: {...container.identity},
      directory,
      mounts: mounts.map(({source, target}) => [source, target]),
      user: [HOME, USER, LANG],
      files,
    })}`,
  );
}

async function look({text, clean}: InsideInput, place: ProbePlace): Promise<Result<ProbeRecord, Problem>> {
  const {container, run} = place;
  const {code, stdout, stderr, timedOut, remedy} = await run(probeScript(text, clean));
  const image = `${container.runtime}:${container.reference}`;
  const [before = '', printed, products, listed, programs] = stdout.split(MARK);
  const said = lastLines(stderr.trim() === '' ? (printed ?? before) : stderr);
  const after = said === '' ? '' : `: ${said}`;
  if (printed === undefined) {
    const noBash = !timedOut && /\bbash\b/.test(stderr) && NOT_FOUND.test(stderr);
    return fail({
      code: 'W8002',
      severity: 'error',
      message: noBash
        ? `the image \`${image}\` has no bash, which runs each task`
        : `the container \`${image}\` ${timedOut ? 'did not start within two minutes' : "can't be started"}${after}`,
      hint: noBash
        ? 'take an image with bash in it'
        : (remedy ?? 'see whether it starts in a terminal, or name another with `%container`'),
    });
  }
  if (code === 0 && programs !== undefined) {
    const environment: Record<string, string> = {};
    for (const entry of (listed ?? '').split('\0')) {
      const at = entry.indexOf('=');
      if (at > 0 && !NOISE.has(entry.slice(0, at))) environment[entry.slice(0, at)] = entry.slice(at + 1);
    }
    return ok({
      environment,
      products: products ?? '',
      programs: programs.split('\0').filter(isAbsolute).map(normalize),
    });
  }
  const why = timedOut
    ? 'took longer than two minutes'
    : code === 0
      ? 'ended the shell that ran it'
      : `ended with exit ${code ?? 'unknown'}`;
  return fail({
    code: 'W5020',
    severity: 'error',
    message: `the set-up ${why} in the image \`${image}\`${after}`,
    hint: 'the image sees the directory of the notebook, and what `%mount` names; try the lines of `%setup` in it',
  });
}

const NOT_FOUND = /not found|has no program|no such file|can(?:'t|not) execute|can't exec/i;

const lastLines = (text: string): string => text.trim().split('\n').slice(-5).join('\n');

function probeOf(record: ProbeRecord, input: InsideInput, place: ProbePlace, files: Files): SetupProbe {
  const {text, directory, clean} = input;
  const {mounts} = place;
  const {TERM} = clean;
  const environment: Readonly<Record<string, string>> = {
    ...record.environment,
    ...(TERM === undefined ? {} : {TERM}),
  };
  const {rows, locals} = readProducts(record.products);
  const seen = locals.flatMap(({name, directory}) => {
    const host = hostPathOf(directory, mounts);
    return host === undefined ? [] : [{name, directory: host}];
  });
  // A product of a person's own that is in the image is known by it, and by where it lies there.
  const own = locals.filter(({directory}) => hostPathOf(directory, mounts) === undefined);
  const fixed = [...rows, ...own.map(({name, directory}) => `${name} in ${directory}`)];
  const found = {text, directory, rows: rows.length > 0 ? fixed : [], environment, files};
  const probed =
    text.trim() === ''
      ? {identity: digestOf('weft/setup/none\n'), contents: {}}
      : {identity: setupIdentity(found), contents: contentsOfSetup(found)};
  return {
    environment,
    ...probed,
    text: '',
    current: async digest => sameFiles(files, await filesOf(text, directory, clean['HOME'] ?? '/', {...place, digest})),
    programs: programsOf(environment['PATH'] ?? '', record.programs, mounts),
    ...(seen.length === 0 ? {} : {identify: digest => identifyNow(probed, seen, digest)}),
  };
}

/** What a PATH has, by name, the first of each name. Directories of the host are looked at now: they change without the image. */
function programsOf(path: string, kept: readonly string[], mounts: readonly Mount[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const directory of path.split(':').filter(isAbsolute)) {
    const host = hostPathOf(resolve(directory), mounts);
    const names =
      host === undefined
        ? kept.filter(file => dirname(file) === resolve(directory)).map(file => basename(file))
        : executablesOf(host);
    for (const name of names) if (!found.has(name)) found.set(name, join(directory, name));
  }
  return found;
}

function executablesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter(name => {
      if (!name.endsWith('.py')) return false;
      const path = join(directory, name);
      if (statSync(path, {throwIfNoEntry: false})?.isFile() !== true) return false;
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  } catch {
    return [];
  }
}
