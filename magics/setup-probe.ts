import {userInfo} from 'node:os';
import {execa} from 'execa';
import {digestOf, type Digest} from '../kernel/fingerprint/fingerprint.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Problem, ProbePlace, SetupProbe} from '../kernel/session/magic.js';
import {probeInside} from './container-probe.js';
import {readProducts} from './products.js';
import {sameFiles, setupFiles} from './setup-files.js';
import {contentsOfSetup, identifyNow, setupIdentity} from './setup-identity.js';

/** How long a set-up text may take, in milliseconds. */
const LIMIT = 120_000;

/** Parts the output of the probe: what the text printed, the products, the environment. */
const MARK = '\u0001weft-probe\u0001';

/** Variables that differ from process to process and mean nothing to a task. */
const NOISE = new Set(['_', 'SHLVL', 'PWD', 'OLDPWD']);

/** What the kernel passes of its own environment. */
export interface ProbeInput {
  /** Bash text of `%setup`; empty: none. */
  readonly text: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absent: on the host. */
  readonly inside?: ProbePlace;
  /** sha256 of a file, through the stat cache. */
  digest(path: string): Promise<Result<Digest, string>>;
}

/**
 * Runs the set-up text in a clean bash and reads the environment that it makes, and the products that `eups` has set up.
 * What is hashed of it is said by {@link setupIdentity}. Products that are a
 * person's own directories may be edited at any time: {@link SetupProbe.identify} looks at what lies in them now.
 * In a container it is {@link probeInside} that does it.
 */
export async function probeSetup({
  text,
  directory,
  environment,
  inside,
  ...ports
}: ProbeInput): Promise<Result<SetupProbe, Problem>> {
  const clean: Record<string, string> = {};
  for (const name of ['HOME', 'USER', 'LANG', 'TERM']) {
    const value = environment[name];
    if (value !== undefined) clean[name] = value;
  }
  clean['HOME'] ??= '/';
  // Services and cron start without some of these.
  clean['USER'] ??= environment['LOGNAME'] ?? userName();
  clean['LANG'] ??= 'C.UTF-8';
  clean['TERM'] ??= 'dumb';
  // The PATH is the image's.
  if (inside !== undefined) return probeInside({text, directory, clean}, inside);
  clean['PATH'] = environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  if (text.trim() === '')
    return ok({environment: clean, identity: digestOf('weft/setup/none\n'), contents: {}, text: ''});
  const filesBy = (
    take: (path: string) => Promise<Result<Digest, string>>,
  ): Promise<Readonly<Record<string, string>>> => setupFiles(text, directory, clean['HOME'] ?? '/', path => path, take);
  // Before the text runs: what is edited while it does is seen the next time.
  const files = await filesBy(path => ports.digest(path));
  // The status is that of the last command, as it would be for a person who types the lines.
  const script = `${text}\n__weft=$?\nprintf '%s' '${MARK}'\nif type eups >/dev/null 2>&1; then eups list -s 2>/dev/null; fi\nprintf '%s' '${MARK}'\nexport PATH\nenv -0\nexit $__weft\n`;
  const ran = await execa('bash', ['--noprofile', '--norc', '-c', script], {
    cwd: directory,
    env: clean,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: LIMIT,
    stripFinalNewline: false,
  });
  const [printed = '', products = '', listed = ''] = ran.stdout.split(MARK);
  if (ran.exitCode !== 0) {
    const said = (ran.stderr.trim() || printed.trim()).split('\n').slice(-5).join('\n');
    const why = ran.timedOut
      ? 'took longer than two minutes'
      : `ended with exit ${ran.exitCode ?? ran.signal ?? 'unknown'}`;
    return fail({
      code: 'W5020',
      severity: 'error',
      message: `the set-up ${why}${said === '' ? '' : `: ${said}`}`,
      hint: 'try the lines of `%setup` in a terminal; `%setup FILE` sources a file',
    });
  }
  const made: Record<string, string> = {};
  for (const entry of listed.split('\0')) {
    const at = entry.indexOf('=');
    if (at > 0 && !NOISE.has(entry.slice(0, at))) made[entry.slice(0, at)] = entry.slice(at + 1);
  }
  const {rows, locals} = readProducts(products);
  const found = {text, directory, rows, environment: made, files};
  const probed = {identity: setupIdentity(found), contents: contentsOfSetup(found)};
  return ok({
    environment: made,
    ...probed,
    text: '',
    current: async take => sameFiles(files, await filesBy(take)),
    ...(locals.length === 0 ? {} : {identify: digest => identifyNow(probed, locals, digest)}),
  });
}

/** Who runs the kernel; the number of a user whom no table of users has. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 0);
  }
}
