import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {digestOf, type Fingerprint} from '../../../kernel/fingerprint/fingerprint.js';
import type {Container, Mount} from '../../../kernel/graph/container.js';
import {ok} from '../../../kernel/graph/result.js';
import type {AttemptId} from '../../../kernel/graph/task.js';
import type {Task} from '../../../kernel/graph/work.js';
import type {MagicContext} from '../../../kernel/session/magic.js';
import {bashMagic} from '../../../magics/bash.js';
import {joinMagic} from '../../../magics/join.js';
import {lsstMagic} from '../../../magics/lsst/lsst.js';
import {FakeNotebook} from './fake-context.js';

const manifest = digestOf('image');
const container = (runtime: string, image = manifest): Container => ({
  runtime,
  reference: 'lsst:w_2020_14',
  image: `sha256:${image}`,
  identity: {manifest: image},
});

/** A notebook whose tasks run in a container, with programs of the image. */
function inside(
  given: Container | undefined,
  programs: readonly string[] = ['processCcd', 'ingestImages'],
): FakeNotebook {
  const notebook = new FakeNotebook();
  const {context} = notebook;
  Object.assign(context.settings, {mounts: [], container: given});
  const probe = context.setup.bind(context);
  Object.assign(context, {
    container: (option?: {text: string}) => Promise.resolve(ok(option?.text === 'none' ? undefined : given)),
    setup: async (asked?: Container): ReturnType<MagicContext['setup']> => {
      const made = await probe();
      return !made.ok || asked === undefined
        ? made
        : ok({
            ...made.value,
            environment: {...made.value.environment, PATH: '/opt/bin'},
            programs: new Map(programs.map(name => [`${name}.py`, `/opt/bin/${name}.py`])),
          });
    },
    placement: (_: unknown, asked?: Container) => ({
      executor: 'local',
      cpus: 1,
      retries: 0,
      ...(asked === undefined ? {} : {container: asked}),
    }),
  });
  return notebook;
}

const BASH = '%%bash --with x=1 --value\necho $x';
const LSST = '%%lsst processCcd\n--id visit=1 ccd=2 -c a=1';

describe('the fingerprint of a task', () => {
  it('of the host is what it has always been', async () => {
    const notebook = inside(undefined);
    expect((await notebook.task(bashMagic, BASH)).fingerprint).toBe(
      'f75201a467a254e7a15d0087397952e3eb4546b564a0c1786f5b4b5a2d08edf8',
    );
    expect((await notebook.task(lsstMagic, LSST)).fingerprint).toBe(
      '3241836b6288148e32339585c4d4e30993af51b21c6fdc34a3834c5318de05e0',
    );
  });

  it.each([
    ['a script', BASH],
    ['a command-line task', LSST],
  ])('of %s holds the image, and not the runtime', async (_what, cell) => {
    const magic = cell === BASH ? bashMagic : lsstMagic;
    const of = async (notebook: FakeNotebook): Promise<Fingerprint> =>
      (await notebook.task(magic as typeof bashMagic, cell)).fingerprint;
    const podman = await of(inside(container('podman')));
    expect(await of(inside(container('docker')))).toBe(podman);
    expect(await of(inside(container('podman', digestOf('other'))))).not.toBe(podman);
    expect(await of(inside(undefined))).not.toBe(podman);
    const {recipe} = await inside(container('podman')).task(magic as typeof bashMagic, cell);
    expect(recipe.code).toEqual({image: {manifest}});
  });

  it('holds the program too where it lies on the host', async () => {
    const notebook = inside(container('podman'));
    const {directory, context} = notebook;
    const setup = context.setup.bind(context);
    Object.assign(context, {
      setup: async (asked?: Container): ReturnType<MagicContext['setup']> => {
        const made = await setup(asked);
        const programs = new Map([['processCcd.py', join(directory, 'bin', 'processCcd.py')]]);
        return made.ok ? ok({...made.value, programs}) : made;
      },
    });
    const {recipe} = await notebook.task(lsstMagic, LSST);
    expect(recipe.code).toEqual({
      image: {manifest},
      program: digestOf(readFileSync(join(directory, 'bin', 'processCcd.py'))),
    });
  });
});

describe('a task in a container', () => {
  it('runs there, unless its line says otherwise; a join never does', async () => {
    const notebook = inside(container('podman'));
    const placed = async (...cell: Parameters<typeof notebook.task>): Promise<string | undefined> =>
      (await notebook.task(...cell)).placement.container?.runtime;
    expect(await placed(bashMagic as never, BASH)).toBe('podman');
    expect(await placed(bashMagic as never, '%%bash --container none\necho')).toBe(undefined);
    expect(await placed(lsstMagic as never, LSST)).toBe('podman');
    for (const [name, visit] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      const draft = await notebook.cell(lsstMagic, `%%lsst processCcd\n--id visit=${visit}`);
      if (!draft.ok) throw new Error(draft.error.join());
      notebook.bind(name, notebook.plan(draft.value, name));
    }
    expect(await placed(joinMagic as never, '%%join a b --as c')).toBe(undefined);
  });

  it('is told of a stack that the image lacks, with a name that is near', async () => {
    const notebook = inside(container('podman'));
    const none = inside(container('podman'), []);
    const said = async (where: FakeNotebook, cell: string): Promise<string> => {
      const draft = await where.cell(lsstMagic, cell);
      return draft.ok ? '' : draft.error.join('\n');
    };
    expect(await said(none, LSST)).toBe(
      'W5007 1:8 the stack is not set up in `podman:lsst:w_2020_14`: there is no `processCcd.py` on the PATH',
    );
    expect(await said(notebook, '%%lsst makeSkyMap\n--id')).toBe(
      'W5007 1:8 the stack that is set up in `podman:lsst:w_2020_14` has no `makeSkyMap.py`',
    );
    expect(await said(inside(container('podman'), ['ownTask']), '%%lsst ownTsk\n--id')).toMatch(
      /unknown task `ownTsk`/,
    );
  });

  it('takes a configuration of the image as it is, and one of the host by content', async () => {
    const notebook = inside(container('podman'));
    writeFileSync(join(notebook.directory, 'own.py'), 'a\n');
    const config = async (file: string): Promise<unknown> =>
      (await notebook.task(lsstMagic, `%%lsst processCcd\n--id visit=1 -C ${file}`)).recipe.arguments['config'];
    expect(await config('/nowhere/of/image/config.py')).toEqual([['file', '/nowhere/of/image/config.py']]);
    expect(await config('own.py')).toEqual([['file', digestOf('a\n')]]);
  });
});

/** What the container of a task sees of the host, its attempt left aside. */
async function mountsOf(task: Task, directory: string): Promise<Record<string, 'read' | 'write'>> {
  mkdirSync(directory, {recursive: true});
  const attempt = {
    id: 'a' as AttemptId,
    directory,
    pathOf: () => {
      throw new Error('no need');
    },
    fill: (text: string) => text,
  };
  expect((await task.work.prepare(attempt)).ok).toBe(true);
  const mounts: readonly Mount[] = task.work.mounts?.(attempt) ?? [];
  expect(mounts.every(({source, target}) => source === target)).toBe(true);
  return Object.fromEntries(mounts.map(({target, write}) => [target, write ? 'write' : 'read']));
}

describe('a container sees', () => {
  const outside = new FakeNotebook().directory;
  const image = (name: string): string => {
    mkdirSync(join(outside, name), {recursive: true});
    writeFileSync(join(outside, name, 'x.fits'), '');
    return join(outside, name, 'x.fits');
  };

  it('what a command-line task reads, and where links of its root lead', async () => {
    const notebook = inside(container('podman'));
    const {root, directory} = notebook;
    mkdirSync(join(root, 'field'));
    symlinkSync(image('raw'), join(root, 'field', 'HSC-1.fits'));
    symlinkSync(join(outside, 'calib'), join(root, 'CALIB'));
    image('calib');
    notebook.context.settings.code.add(image('code'));
    const task = await notebook.task(lsstMagic, `%%lsst processCcd\n--id visit=1 -c file=${image('words')}`);
    expect(await mountsOf(task, join(root, 'rerun/weft/.a'))).toEqual({
      [directory]: 'read',
      [root]: 'read',
      [join(outside, 'raw')]: 'read',
      [join(outside, 'calib')]: 'read',
      [join(outside, 'code')]: 'read',
      [join(outside, 'words')]: 'read',
    });
  });

  it('a root that a task changes, but no published result, with leave to write', async () => {
    const notebook = inside(container('podman'));
    const {root, directory} = notebook;
    const task = await notebook.task(lsstMagic, `%%lsst ingestImages\n${image('new')} --mode=link`);
    mkdirSync(join(root, 'rerun/weft/processCcd-1'), {recursive: true});
    const seen = await mountsOf(task, join(root, '.weft/.a'));
    expect(seen).toEqual({
      [directory]: 'read',
      [root]: 'write',
      [join(root, 'rerun')]: 'read',
      [join(root, '.weft')]: 'read',
      [join(outside, 'new')]: 'read',
    });
  });

  it('a person’s rerun, which is made, with leave to write', async () => {
    const notebook = inside(container('podman'));
    const {root} = notebook;
    const task = await notebook.task(lsstMagic, '%%lsst processCcd --rerun mine\n--id visit=1');
    const seen = await mountsOf(task, join(notebook.directory, '.weft/scratch/.a'));
    expect(seen[join(root, 'rerun/mine')]).toBe('write');
    expect(seen[root]).toBe('read');
  });

  it('files that a script names, and what they are links to', async () => {
    const notebook = inside(container('podman'));
    mkdirSync(join(notebook.directory, 'raw'));
    symlinkSync(image('linked'), join(notebook.directory, 'raw', 'a.fits'));
    const task = await notebook.task(bashMagic, `%%bash --in raw/*.fits ${image('named')}\necho`);
    expect(await mountsOf(task, join(notebook.directory, '.weft/work/.a'))).toMatchObject({
      [notebook.directory]: 'read',
      [join(outside, 'linked')]: 'read',
      [join(outside, 'named')]: 'read',
    });
  });

  it('nothing where the task runs on the host', async () => {
    const notebook = inside(undefined);
    const task = await notebook.task(lsstMagic, LSST);
    expect(await mountsOf(task, join(notebook.root, 'rerun/weft/.a'))).toEqual({});
  });
});
