import {chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import {execa} from 'execa';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {digestOf} from '../../kernel/fingerprint/fingerprint.js';
import {fail, ok} from '../../kernel/graph/result.js';
import type {ProbePlace, SetupProbe} from '../../kernel/session/magic.js';
import {probeSetup} from '../../magics/setup-probe.js';
import {scratch, type Scratch} from '../rig/scratch.js';

let folder: Scratch;
/** How often a container was started. */
let starts: number;
beforeEach(() => {
  folder = scratch();
  starts = 0;
  mkdirSync(folder.at('nb'));
  mkdirSync(folder.at('image/bin'), {recursive: true});
});
afterEach(() => folder[Symbol.dispose]());

const SYSTEM = '/usr/bin:/bin';

/** A bash of this machine in place of one in a container, with what an image and a runtime put into the environment. */
function place(environment: Readonly<Record<string, string>> = {}, more: Partial<ProbePlace> = {}): ProbePlace {
  const directory = folder.at('nb');
  return {
    container: {
      runtime: 'podman',
      reference: 'stack:1',
      image: 'sha256:1',
      identity: {engine: 'podman', id: 'sha256:1'},
    },
    mounts: [{source: directory, target: directory, write: false}],
    store: folder.at('store'),
    digest: path => {
      try {
        return Promise.resolve(ok(digestOf(readFileSync(path))));
      } catch {
        return Promise.resolve(fail('it is not there'));
      }
    },
    run: async text => {
      starts += 1;
      const ran = await execa('bash', ['--noprofile', '--norc', '-c', text], {
        cwd: directory,
        env: {PATH: [folder.at('image/bin'), SYSTEM].join(delimiter), ...environment},
        extendEnv: false,
        reject: false,
        stripFinalNewline: false,
      });
      return {code: ran.exitCode, stdout: ran.stdout, stderr: ran.stderr, timedOut: false};
    },
    ...more,
  };
}

const KERNEL = {HOME: '/home/me', USER: 'me', LANG: 'de_DE.UTF-8', PATH: '/of/the/host', SECRET: 'x'};

const probe = (text: string, inside: ProbePlace, environment: Readonly<Record<string, string>> = KERNEL) =>
  probeSetup({text, directory: folder.at('nb'), environment, inside, digest: path => inside.digest(path)});

async function probed(text: string, inside: ProbePlace, environment = KERNEL): Promise<SetupProbe> {
  const result = await probe(text, inside, environment);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

async function refused(text: string, inside: ProbePlace): Promise<string> {
  const result = await probe(text, inside);
  return result.ok ? 'it is fine' : `${result.error.code} ${result.error.message}`;
}

function program(path: string): void {
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
}

describe('the environment in a container', () => {
  it('is the image’s, with the kernel’s names for person and place, and nothing of the runtime', async () => {
    const {environment} = await probed(
      '',
      place({
        OF_IMAGE: 'two\nlines, "and" $(more)',
        EMPTY: '',
        HOME: '/root',
        TERM: 'xterm',
        HOSTNAME: 'abc',
        container: 'podman',
        APPTAINER_BIND: '/x',
        SINGULARITY_NAME: 'x',
        SHIFTER_IMAGE: 'x',
        CH_RUNNING: 'Weird Al Yankovic',
        PS1: '> ',
        PROMPT_COMMAND: 'x',
        USER_PATH: '/host',
        SLURM_JOB_ID: '1',
        DOCKER_HOST: 'unix:///x',
        XDG_RUNTIME_DIR: '/run/user/0',
        LD_LIBRARY_PATH: '/opt/lib:/.singularity.d/libs',
      }),
    );
    expect(environment).toEqual({
      OF_IMAGE: 'two\nlines, "and" $(more)',
      EMPTY: '',
      HOME: '/home/me',
      USER: 'me',
      LANG: 'de_DE.UTF-8',
      TERM: 'dumb',
      LD_LIBRARY_PATH: '/opt/lib',
      PATH: `${folder.at('image/bin')}:${SYSTEM}`,
    });
    const bare = await probed('', place({LD_LIBRARY_PATH: '/.singularity.d/libs'}, {store: folder.at('other')}));
    expect(bare.environment).not.toHaveProperty('LD_LIBRARY_PATH');
  });

  it('has what the set-up makes, whatever shell options it leaves behind', async () => {
    const text = 'set -eufa\nIFS=x\nshopt -s failglob\nexport A="a b"\nexport PATH=/opt/bin:$PATH';
    const made = await probed(text, place());
    expect(made.environment['A']).toBe('a b');
    expect(made.environment['PATH']).toBe(`/opt/bin:${folder.at('image/bin')}:${SYSTEM}`);
    expect(Object.keys(made.environment).filter(name => name.includes('weft'))).toEqual([]);
  });

  it('is known by its products where there are any, those that the host has by their content', async () => {
    const list = (own: string): string => `eups() { echo "  afw  18.1.0  setup"; echo "  own  LOCAL:${own}  setup"; }`;
    const own = folder.at('nb/own');
    mkdirSync(join(own, 'bin'), {recursive: true});
    program(join(own, 'bin', 'a.py'));
    const made = await probed(list(own), place());
    const same = await probed(`# another text\n${list(own)}`, place());
    expect(same.identity).toBe(made.identity);
    const digest: ProbePlace['digest'] = path => place().digest(path);
    const before = (await made.identify?.(digest))?.identity;
    writeFileSync(join(own, 'bin', 'a.py'), 'other');
    expect((await made.identify?.(digest))?.identity).not.toBe(before);
    // One that lies in the image can't change but with it.
    const there = await probed(list('/opt/own'), place());
    expect('identify' in there).toBe(false);
    expect(there.identity).not.toBe((await probed(list('/opt/other'), place())).identity);
  });
});

describe('the programs of a set-up', () => {
  it('are executables of Python’s form on its PATH, the first of each name', async () => {
    mkdirSync(folder.at('nb/own'));
    for (const name of ['image/bin/a.py', 'image/bin/b.py', 'nb/own/a.py']) program(folder.at(name));
    writeFileSync(folder.at('image/bin/plain.py'), '');
    mkdirSync(folder.at('image/bin/directory.py'));
    const text = `export PATH=${folder.at('nb/own')}/:${folder.at('image/bin')}`;
    const expected = new Map([
      ['a.py', folder.at('nb/own/a.py')],
      ['b.py', folder.at('image/bin/b.py')],
    ]);
    expect((await probed(text, place())).programs).toEqual(expected);
    // A directory of the host may change while the answer is kept.
    program(folder.at('nb/own/c.py'));
    expect((await probed(text, place())).programs).toEqual(expected.set('c.py', folder.at('nb/own/c.py')));
    expect(starts).toBe(1);
  });
});

describe('a probe is remembered', () => {
  it('for a text and an image, until a file changes that the text names, or that such a file names', async () => {
    writeFileSync(folder.at('nb/load.bash'), 'source inner.bash\n');
    writeFileSync(folder.at('nb/inner.bash'), 'export A=1\n');
    const text = 'source load.bash';
    expect((await probed(text, place())).environment['A']).toBe('1');
    await probed(text, place());
    expect(starts).toBe(1);
    writeFileSync(folder.at('nb/inner.bash'), 'export A=2\n');
    expect((await probed(text, place())).environment['A']).toBe('2');
    expect(starts).toBe(2);
    await probed(`${text}\nexport B=1`, place());
    const {container} = place();
    await probed(text, place({}, {container: {...container, identity: {engine: 'podman', id: 'sha256:2'}}}));
    expect(starts).toBe(4);
  });

  it('with the terminal of the kernel that asks', async () => {
    expect((await probed('', place(), {...KERNEL, TERM: 'vt100'} as typeof KERNEL)).environment['TERM']).toBe('vt100');
    expect((await probed('', place(), {...KERNEL, TERM: 'dumb'} as typeof KERNEL)).environment['TERM']).toBe('dumb');
    expect(starts).toBe(1);
  });

  it.each(['', 'no JSON', '{"version":1}', '{"version":99,"environment":{},"products":"","programs":[]}'])(
    'but not as %j, which no kernel has written',
    async content => {
      await probed('export A=1', place());
      const [file = ''] = readdirSync(folder.at('store/probes'));
      writeFileSync(folder.at('store/probes', file), content);
      expect((await probed('export A=1', place())).environment['A']).toBe('1');
      expect(starts).toBe(2);
    },
  );

  it('only where it went well', async () => {
    await refused('false', place());
    await refused('false', place());
    expect(starts).toBe(2);
  });
});

describe('what goes wrong names the image', () => {
  it('where the set-up fails, or ends its shell', async () => {
    expect(await refused('echo no such stack >&2; false', place())).toBe(
      'W5020 the set-up ended with exit 1 in the image `podman:stack:1`: no such stack',
    );
    expect(await refused('exit 0', place())).toBe(
      'W5020 the set-up ended the shell that ran it in the image `podman:stack:1`',
    );
  });

  it('where the image has no bash, or the container does not start', async () => {
    const said = (stderr: string): Partial<ProbePlace> => ({
      run: () => Promise.resolve({code: 127, stdout: '', stderr, timedOut: false}),
    });
    for (const absent of [
      'runc: exec: "bash": executable file not found in $PATH',
      'the image has no program that Weft needs in it: `bash` and `/usr/bin/env`; take another',
    ])
      expect(await refused('true', place({}, said(absent)))).toBe(
        'W8002 the image `podman:stack:1` has no bash, which runs each task',
      );
    expect(await refused('true', place({}, said('no space left')))).toBe(
      "W8002 the container `podman:stack:1` can't be started: no space left",
    );
    const full = {code: 125, stdout: '', stderr: 'no space left', timedOut: false, remedy: 'make some'};
    expect(await probe('true', place({}, {run: () => Promise.resolve(full)}))).toMatchObject({
      error: {message: "the container `podman:stack:1` can't be started: no space left", hint: 'make some'},
    });
  });
});
