import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startKernel, type Kernel} from '../rig/kernel.js';
import {scratch} from '../rig/scratch.js';
import {FakeEngines} from './fake-engines.js';

const ONE = '1'.repeat(64);
const TWO = '2'.repeat(64);

const folder = scratch();
const directory = folder.at('notebook');
const engines = new FakeEngines(folder.at('engines'));
let kernel: Kernel;
beforeAll(async () => {
  mkdirSync(directory);
  kernel = await startKernel({directory, env: {PATH: engines.path}});
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Long digests and the places of this run made short. */
const short = (text: string): string =>
  text
    .replaceAll(/([0-9a-f])\1{63}/g, '$1…')
    .replaceAll(directory, 'DIR')
    .replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY')
    .replaceAll(/cell \[\d+\]/g, 'cell [n]');

/** What a cell prints, or its error as a person reads it. */
const said = async (code: string): Promise<string> => {
  const {outputs} = await kernel.client.execute(code, {timeout: 30_000});
  const error = outputs.error?.traceback.join('\n').replaceAll(/\x1b\[[0-9;]*m/g, '');
  return short(outputs.streams.stdout + (error ?? ''));
};

const lock = (): string => readFileSync(join(directory, 'weft.lock'), 'utf8');

describe('%container', () => {
  it('pins an image, says what it is, and what holds now', async () => {
    engines.has('podman', 'localhost/x:1', ONE);
    expect(await said('%container')).toBe('tasks run on the host, in the environment of %setup\n');
    const pinned =
      "podman 4.3.1\nlocalhost/x:1 is sha256:1… (podman's own id: it was built or loaded here, so that no registry has it; other engines do not share its results), pinned in weft.lock\n";
    expect(await said('%container podman:localhost/x:1')).toBe(pinned);
    expect(await said('%container')).toBe(`tasks run in podman:localhost/x:1\n${pinned}`);
    expect(await said('const image = "x:1"\n%container podman:localhost/${image}')).toContain('as weft.lock has it');
    expect(await said('%lock')).toMatch(/^DIR\/weft.lock:\npodman:localhost\/x:1 {2}sha256:1… {2}podman, \w+, DAY\n$/);
    expect(lock()).toContain('"container":"podman:localhost/x:1","runtime":"podman"');
  });

  it('offers the images that were used where one is typed, and asks no engine for that', async () => {
    const code = '%%bash --container podman:l';
    const ask = (): Promise<unknown> =>
      kernel.client
        .request('shell', 'complete_request', {code, cursor_pos: code.length})
        .then(({content}) => content['matches']);
    expect(await ask()).toEqual(['podman:localhost/x:1']);
    const kept = lock();
    rmSync(join(directory, 'weft.lock'));
    expect(await ask()).toEqual(['podman:localhost/x:1']);
    writeFileSync(join(directory, 'weft.lock'), kept);
  });

  it('keeps to the pin when the tag moves, until it is refreshed', async () => {
    engines.has('podman', 'localhost/x:1', TWO);
    expect(await said('%container podman:localhost/x:1')).toContain('localhost/x:1 is sha256:1… ');
    expect(await said('%container --refresh')).toContain('localhost/x:1 has moved: sha256:1… → sha256:2…\n');
    expect(await said('%container --refresh')).toContain('as before');
  });

  it('fetches what is missing, with progress', async () => {
    engines.has('podman', 'docker.io/library/centos:7', ONE, 'registry');
    expect(await said('%container podman:centos:7')).toBe(
      "fetching centos:7: podman pull -- docker.io/library/centos:7\nCopying blob sha256:5d4e\n1…\npodman 4.3.1\ncentos:7 is sha256:1… (podman's own id: it was built or loaded here, so that no registry has it; other engines do not share its results), pinned in weft.lock\n",
    );
  });

  it('takes the first runtime that works with `auto`, and says which', async () => {
    expect(await said('%container localhost/x:1')).toMatch(
      /^podman 4\.3\.1 \(auto: .*shifter.* are not here\)\nlocalhost\/x:1 is/,
    );
    expect(await said('%container none')).toBe('tasks run on the host, in the environment of %setup\n');
    expect(await said('%container auto')).toMatch(
      /^auto is podman 4\.3\.1 \(.*\): `%container IMAGE` takes it\ntasks run on the host, in the environment of %setup\n$/,
    );
  });

  it.each([
    [
      '%container podman:localhost/gone:1',
      `cell [n]:1:12  W8014  podman has no image \`localhost/gone:1\`
  %container podman:localhost/gone:1
             ~~~~~~~~~~~~~~~~~~~~~~~  no registry has names of \`localhost/\`: build it, or load it into podman, and run the cell again`,
    ],
    [
      '%container podmn:localhost/x:1',
      `cell [n]:1:12  W8013  there is no container runtime \`podmn\`
  %container podmn:localhost/x:1
             ~~~~~~~~~~~~~~~~~~~  did you mean \`podman:localhost/x:1\`?`,
    ],
    [
      '%container podman:--privileged',
      `cell [n]:1:12  W8013  the image's name \`--privileged\` begins with \`-\`, as options do
  %container podman:--privileged
             ~~~~~~~~~~~~~~~~~~~  no image has such a name; a file or a directory of one can be written \`./-NAME\``,
    ],
    [
      '%container podman:a b',
      `cell [n]:1:21  W8013  \`b\` stands behind the image
  %container podman:a b
                      ~  \`%container\` takes one image: quote a path that has blanks`,
    ],
    [
      '%container --refresh',
      `cell [n]:1:1  W8013  tasks run on the host: there is no image to ask for again
  %container --refresh
  ~~~~~~~~~~~~~~~~~~~~  name it: \`%container [RUNTIME:]IMAGE --refresh\``,
    ],
    [
      '%%bash --container podman:localhost/gone:1\ntrue',
      `cell [n]:1:20  W8014  podman has no image \`localhost/gone:1\`
  %%bash --container podman:localhost/gone:1
                     ~~~~~~~~~~~~~~~~~~~~~~~  no registry has names of \`localhost/\`: build it, or load it into podman, and run the cell again`,
    ],
    [
      "const none = 'podman:-x'\nbash('true', {container: none})",
      "cell [n]:2:1  W8013  the image's name `-x` begins with `-`, as options do",
    ],
    ["bash('true', {container: 5})", 'cell [n]:1:1  W8013  `container` is the name of an image as a text, not 5'],
  ])('refuses %j with its place', async (cell, text) => {
    await said('%container none');
    expect(await said(cell)).toContain(text);
  });
});

describe('the options of a task', () => {
  it('are filled in from the notebook', async () => {
    await said('const wanted = "podman:localhost/gone:1"; const two = 2');
    expect(await said('%%bash --container ${wanted} --cpus ${two}\ntrue')).toBe(
      `cell [n]:1:20  W8014  podman has no image \`localhost/gone:1\`
  %%bash --container \${wanted} --cpus \${two}
                     ~~~~~~~~~  no registry has names of \`localhost/\`: build it, or load it into podman, and run the cell again`,
    );
    expect(await said('%%bash --bundle 0\ntrue')).toContain(
      'cell [n]:1:8  W2010  `0` is no whole number of at least 1',
    );
    expect(await said('%%bash --container auto\ntrue')).toContain(
      'W8013  `auto` says with what to run, but not which image',
    );
  });

  it('say what image they are given, once', async () => {
    const first = await said('%%bash --container podman:localhost/x:1 --as inside\ntrue');
    expect(first).toMatch(/^podman 4\.3\.1\nlocalhost\/x:1 is sha256:2… \(.*\), as weft.lock has it since DAY\n$/);
    expect(await said('%%bash --container podman:localhost/x:1 --as inside\ntrue')).toBe('');
    engines.has('podman', 'docker.io/library/fetched', ONE, 'registry');
    expect(await said('%%bash --container podman:fetched --as fetched\ntrue')).toContain('Copying blob sha256:5d4e\n');
  });

  it('run it on the host with `--container none`', async () => {
    await said('%container podman:localhost/x:1');
    await said('%%bash --value --container none --as here\necho 7');
    expect((await kernel.client.execute('await here')).outputs.text).toBe('7');
  });
});

describe('an engine that ails', () => {
  it.each([
    [
      'docker',
      'down',
      'docker:x',
      'W8011  the engine of docker does not run',
      'start it (`sudo systemctl start docker`)',
    ],
    ['docker', 'denied', 'docker:x', 'W8012  you may not use the socket of docker', 'added to the group `docker`'],
    ['docker', 'hangs', 'docker:x', 'W8021  `docker` did not answer in time', 'answers in a terminal'],
    ['podman', 'full', 'podman:big', 'W8020  there is no space left for `big`', 'remove images'],
    ['podman', 'arm64', 'podman:localhost/x:2', 'W8016  the image `localhost/x:2` is for s390x', 'for this machine'],
    [
      'podman',
      'up',
      'podman:nowhere/x',
      "W8015  `nowhere/x` can't be fetched",
      'run `podman pull -- docker.io/nowhere/x`',
    ],
  ] as const)('%s is %s: an error with its place and the remedy', async (engine, mode, image, message, remedy) => {
    engines.has('podman', 'localhost/x:2', TWO);
    engines.set(engine, mode);
    const text = await said(`%container ${image}`);
    engines.set(engine, 'up');
    expect(text).toContain(`cell [n]:1:12  ${message}`);
    expect(text).toContain(`  %container ${image}\n             ~`);
    expect(text).toContain(remedy);
  });
});

describe('weft.lock', () => {
  it.each([
    ['<<<<<<< HEAD\n', 'W8022  DIR/weft.lock has the marks of a merge conflict'],
    ['{"weft.lock": 2, "images": []}', 'W8022  DIR/weft.lock was written by a newer version of Weft'],
  ])('is an error where it has %j', async (text, message) => {
    const before = lock();
    writeFileSync(join(directory, 'weft.lock'), text);
    const wrong = await said('%container podman:localhost/x:1');
    const listed = await said('%lock');
    writeFileSync(join(directory, 'weft.lock'), before);
    expect(wrong).toContain(`cell [n]:1:12  ${message}`);
    expect(wrong).toContain('move');
    expect(listed).toContain(`cell [n]:1:1  ${message}`);
  });

  it('says that an image has vanished which it has', async () => {
    engines.has('podman', 'localhost/y', ONE);
    await said('%container podman:localhost/y');
    engines.has('podman', 'localhost/y', TWO);
    rmSync(folder.at('engines', 'podman', 'images', ONE), {force: true});
    expect(await said('%container podman:localhost/y')).toContain(
      'W8014  the image that weft.lock has for `localhost/y` is not here: sha256:1…, pinned on DAY; the name is sha256:2… now',
    );
  });
});

describe('%mount and %config network', () => {
  it('list what they were told', async () => {
    mkdirSync(join(directory, 'data'));
    expect(await said('%mount')).toBe('nothing is mounted besides what tasks need\n');
    await said('%mount data /etc/hostname:/names/one:ro');
    await said('%mount data:/inside');
    expect(await said('%mount')).toBe('DIR/data\n/etc/hostname:/names/one:ro\nDIR/data:/inside\n');
    await said('%mount data:ro');
    expect(await said('%mount')).toBe('DIR/data:ro\n/etc/hostname:/names/one:ro\nDIR/data:/inside\n');
    expect(await said('%config network none\n%config network')).toBe('none\n');
    expect(await said('%config network default\n%config')).toContain('\nnetwork default\n');
  });

  it.each([
    ['%mount gone', 'cell [n]:1:8  W8017  DIR/gone is not there'],
    ['%mount data gone:/x', 'cell [n]:1:13  W8017  DIR/gone is not there'],
    ['%mount data:x', 'cell [n]:1:8  W8017  `x` is no absolute path, and so no target in the container'],
    ['%mount data:/proc', 'cell [n]:1:8  W8017  nothing can be mounted at `/proc` of a container'],
    ['%mount data:/', 'cell [n]:1:8  W8017  nothing can be mounted at `/` of a container'],
    ['%mount :/x', 'cell [n]:1:8  W8017  `:/x` names no place before the colon'],
    ['%config network off', 'W2036  `network` is never `off`'],
    ['%config net', 'W2036  there is no setting `net`'],
  ])('refuse %j', async (cell, message) => {
    expect(await said(cell)).toContain(message);
  });
});
