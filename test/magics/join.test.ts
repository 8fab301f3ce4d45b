import {describe, expect, it} from 'vitest';
import {joinMagic} from '../../magics/join.js';
import {lsstMagic} from '../../magics/lsst/lsst.js';
import {FakeNotebook} from './lsst/fake-context.js';

async function notebookOf(...names: readonly string[]): Promise<FakeNotebook> {
  const notebook = new FakeNotebook();
  for (const [at, name] of names.entries()) {
    const draft = await notebook.cell(lsstMagic, `%%lsst processCcd\n--id visit=${at}`);
    if (!draft.ok) throw new Error(draft.error.join('\n'));
    notebook.bind(name, notebook.plan(draft.value, name));
  }
  return notebook;
}

describe('%%join', () => {
  it('is the same whatever the order, unless one is preferred', async () => {
    const notebook = await notebookOf('a', 'b');
    const one = await notebook.task(joinMagic, '%%join a b --as j');
    expect((await notebook.task(joinMagic, '%%join b a --as other')).fingerprint).toBe(one.fingerprint);
    expect(
      (await notebook.called(joinMagic, [notebook.scope.get('b')!, notebook.scope.get('a')!], {})).fingerprint,
    ).toBe(one.fingerprint);
    expect((await notebook.task(joinMagic, '%%join a b --as j --prefer a')).fingerprint).not.toBe(one.fingerprint);
    expect((await notebook.task(joinMagic, '%%join a --as j')).fingerprint).not.toBe(one.fingerprint);
    expect(one).toMatchObject({name: 'join', key: 'a b', recipe: {kind: 'join', arguments: {}}});
    expect(one.work.directory).toBe(`${notebook.root}/rerun/weft/join-${one.fingerprint.slice(0, 12)}`);
    expect(one.needs).toHaveLength(2);
  });

  it('is what two parents are not: a rerun of its own', async () => {
    const notebook = await notebookOf('a', 'b');
    const j = await notebook.cell(joinMagic, '%%join a b --as j');
    notebook.bind('j', notebook.plan(j.ok ? j.value : (undefined as never), 'j'));
    const joined = await notebook.task(lsstMagic, '%%lsst makeSkyMap --from j');
    const ordered = await notebook.task(lsstMagic, '%%lsst makeSkyMap --from a --from b');
    const other = await notebook.task(lsstMagic, '%%lsst makeSkyMap --from b --from a');
    expect(new Set([joined, ordered, other].map(({fingerprint}) => fingerprint)).size).toBe(3);
    expect(ordered.needs).toHaveLength(2);
  });

  it('tells of options that do nothing, on its line and in a call, and makes the same task', async () => {
    const notebook = await notebookOf('a', 'b');
    const plain = await notebook.task(joinMagic, '%%join a b --as j');
    const line = '%%join a b --as j --cpus 100 --retries 2 --mem 4G';
    const draft = await notebook.cell(joinMagic, line);
    const notes = draft.ok ? (draft.value.notes ?? []) : [];
    expect(notes.map(({code, severity, span}) => [code, severity, span && line.slice(span.start, span.end)])).toEqual([
      ['W8005', 'info', '--cpus 100'],
      ['W8005', 'info', '--retries 2'],
      ['W8005', 'info', '--mem 4G'],
    ]);
    const task = await notebook.task(joinMagic, line);
    expect(task.fingerprint).toBe(plain.fingerprint);
    expect(task.placement.cpus).toBe(1);
    const members = [notebook.scope.get('a')!, notebook.scope.get('b')!];
    expect((await notebook.called(joinMagic, [members], {cpus: 2, time: '1h'})).fingerprint).toBe(plain.fingerprint);
  });

  it.each([
    ['%%join a b', ['W4020 1:3 `%%join` has no name for what it makes']],
    ['%%join --as j', ['W4022 1:3 `%%join` names nothing to join']],
    ['%%join a --as j --mode both', ['W4022 1:17 a join has no mode `both`']],
    ['%%join n --as j', ["W4021 1:8 `n` is a plain value: it can't be joined"]],
    ['%%join a[1] --as j', ["W4010 1:8 `a` is no set: it can't be indexed"]],
  ])('says of %j: %j', async (text, expected) => {
    const notebook = await notebookOf('a', 'b');
    notebook.scope.set('n', 3);
    const draft = await notebook.cell(joinMagic, text);
    expect(draft.ok ? [] : draft.error).toEqual(expected);
  });
});
