import {mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {digestOf, type Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {JoinMember} from '../../magics/join-conflicts.js';
import {FilesJoinWork} from '../../magics/join-files.js';
import {RepoJoinWork} from '../../magics/join-repos.js';
import {freshRerunCfg, rerunsOf} from '../../magics/lsst/root-repository.js';

const fingerprint = 'f'.repeat(64) as Fingerprint;

class Root {
  readonly path = mkdtempSync(join(tmpdir(), 'weft-join-'));
  readonly reruns = rerunsOf(this.path);

  member(
    label: string,
    files: Readonly<Record<string, string>>,
    given: {parents?: readonly string[]; mapper?: string; preferred?: boolean; manifest?: boolean} = {},
  ): JoinMember {
    const directory = join(this.reruns, label);
    const root = {path: this.path, mapper: given.mapper ?? 'lsst.obs.hsc.HscMapper', nested: true};
    const all = {
      'repositoryCfg.yaml': freshRerunCfg(
        root,
        directory,
        (given.parents ?? []).map(name => join(this.reruns, name)),
      ),
      ...files,
    };
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(directory, name)), {recursive: true});
      writeFileSync(join(directory, name), text);
    }
    const outputs = Object.entries(all).map(([path, text]) => ({path, sha256: digestOf(text)}));
    if (given.manifest !== false) writeFileSync(join(directory, '.weft.json'), JSON.stringify({outputs}));
    return {label, fingerprint, directory, preferred: given.preferred ?? false};
  }

  /** What a join makes in its attempt, or why it fails. */
  async join(
    members: readonly JoinMember[],
    chain: boolean,
  ): Promise<{readonly directory: string; readonly outputs: readonly string[]} | string> {
    const work = new RepoJoinWork(members, chain, fingerprint);
    const directory = join(this.reruns, '.join-ffffffffffff.1');
    mkdirSync(directory);
    const made = await work.finish({id: '1' as never, directory, pathOf: () => '', fill: text => text});
    if (made.ok) return {directory, outputs: made.value.outputs ?? []};
    return 'message' in made.error ? made.error.message : made.error.reason;
  }
}

describe('a join of reruns', () => {
  it('as a chain names every member as a parent, the root last', async () => {
    const root = new Root();
    const made = await root.join([root.member('a', {'d/1.fits': '1'}), root.member('b', {'d/2.fits': '2'})], true);
    if (typeof made === 'string') throw new Error(made);
    expect(made.outputs).toEqual(['repositoryCfg.yaml']);
    expect(readFileSync(join(made.directory, 'repositoryCfg.yaml'), 'utf8')).toMatchInlineSnapshot(`
      "!RepositoryCfg_v1
      _mapper: &id001 !!python/name:lsst.obs.hsc.HscMapper ''
      _mapperArgs: {}
      _parents:
      - ../a
      - ../b
      - !RepositoryCfg_v1
        _mapper: *id001
        _mapperArgs: {}
        _parents: []
        _policy: null
        _root: ../../..
        dirty: true
      _policy: null
      _root: null
      dirty: true
      "
    `);
  });

  it("as a farm links the members' files and has their parents, each once", async () => {
    const root = new Root();
    const members = [
      root.member('a', {'d/1.fits': '1'}, {parents: ['p', 'q']}),
      root.member('b', {'d/2.fits': '2'}, {parents: ['p']}),
    ];
    const made = await root.join(members, false);
    if (typeof made === 'string') throw new Error(made);
    expect(made.outputs).toEqual(['repositoryCfg.yaml', 'd/1.fits', 'd/2.fits']);
    expect(statSync(join(made.directory, 'd/1.fits')).ino).toBe(statSync(join(members[0]!.directory, 'd/1.fits')).ino);
    expect(readFileSync(join(made.directory, 'repositoryCfg.yaml'), 'utf8').match(/^- \.\.\/.*/gm)).toEqual([
      '- ../p',
      '- ../q',
    ]);
  });

  it.each([true, false])('refuses different data of one name, and names it (chain: %s)', async chain => {
    const root = new Root();
    expect(
      await root.join(
        [root.member('a', {'d/1.fits': '1'}), root.member('b', {'d/1.fits': '2'}, {manifest: false})],
        chain,
      ),
    ).toBe('two members have different data of one name: d/1.fits (a and b)');
  });

  it('refuses other configurations and schemas', async () => {
    const root = new Root();
    const members = [
      root.member('a', {'config/x.py': '1', 'schema/s.fits': '1'}),
      root.member('b', {'config/x.py': '2', 'schema/s.fits': '2'}),
    ];
    expect(await root.join(members, true)).toBe(
      'the members were made with other configurations or schemas: config/x.py (a and b), schema/s.fits (a and b) differ',
    );
  });

  it('takes equal files once, and lets differ what nothing reads', async () => {
    const root = new Root();
    const soft = (text: string): Record<string, string> => ({
      'config/packages.pickle': text,
      'x_metadata/1.yaml': text,
      'r/detectMD-1.yaml': text,
      'config/x.py~1': text,
      'config/x.py': 'same',
    });
    expect(await root.join([root.member('a', soft('1')), root.member('b', soft('2'))], false)).toMatchObject({
      outputs: expect.arrayContaining(['config/packages.pickle', 'config/x.py']),
    });
  });

  it('prefers the member that it is told to', async () => {
    const root = new Root();
    const members = [root.member('b', {'d/1.fits': '2'}, {preferred: true}), root.member('a', {'d/1.fits': '1'})];
    const made = await root.join(members, false);
    if (typeof made === 'string') throw new Error(made);
    expect(readFileSync(join(made.directory, 'd/1.fits'), 'utf8')).toBe('2');
  });

  it('refuses other mappers and roots', async () => {
    const root = new Root();
    expect(
      await root.join([root.member('a', {}), root.member('b', {}, {mapper: 'lsst.obs.cfht.MegacamMapper'})], true),
    ).toContain('other mappers');
    const other = new Root();
    expect(await root.join([root.member('a', {}), other.member('b', {})], true)).toContain('other roots');
  });
});

describe('a join of files', () => {
  it('is the union, and refuses different files of one name', async () => {
    const root = new Root();
    const join2 = async (members: readonly JoinMember[]): Promise<unknown> => {
      const directory = mkdtempSync(join(root.path, 'attempt-'));
      return new FilesJoinWork(members, join(root.path, 'x', 'y'), fingerprint, root.path).finish({
        id: '1' as never,
        directory,
        pathOf: () => '',
        fill: text => text,
      });
    };
    const files = (label: string, content: Readonly<Record<string, string>>): JoinMember => {
      const directory = mkdtempSync(join(root.path, `${label}-`));
      for (const [name, text] of Object.entries(content)) {
        mkdirSync(dirname(join(directory, name)), {recursive: true});
        writeFileSync(join(directory, name), text);
      }
      return {label, fingerprint, directory, preferred: false};
    };
    const linked = files('a', {x: '1'});
    symlinkSync('x', join(linked.directory, 'link'));
    expect(await join2([linked, files('b', {y: '2'})])).toMatchObject({ok: true, value: {outputs: ['link', 'x', 'y']}});
    expect(await join2([files('a', {x: '1'}), files('b', {x: '2'})])).toMatchObject({
      ok: false,
      error: {message: 'two members have different files of one name: x (a and b)'},
    });
    const [file, tree] = [files('a', {'d/x': '1', z: '1'}), files('b', {'d/x/y/u': '2', 'd/x/v': '3', z: '1'})];
    for (const members of [
      [file, tree],
      [tree, file],
    ])
      expect(await join2(members)).toMatchObject({
        ok: false,
        error: {
          message: 'two members have different files of one name: d/x (a file of a, a directory of b)',
          remedy: expect.stringContaining('--prefer') as string,
        },
      });
    expect(await join2([{...file, preferred: true}, tree])).toMatchObject({value: {outputs: ['d/x', 'z']}});
    expect(await join2([{...tree, preferred: true}, file])).toMatchObject({
      value: {outputs: ['d/x/v', 'd/x/y/u', 'z']},
    });
  });
});
