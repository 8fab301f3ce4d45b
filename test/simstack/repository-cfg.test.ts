import {describe, expect, it} from 'vitest';
import {readRepositoryCfg, writeRepositoryCfg} from '../../magics/lsst/repository-cfg.js';

const WEFT = `!RepositoryCfg_v1
_mapper: &id001 !!python/name:lsst.obs.hsc.HscMapper ''
_mapperArgs: {}
_parents:
- ../processCcd-3f2a9c71b0de
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
`;

describe('a repositoryCfg.yaml', () => {
  const cfg = {
    mapper: 'lsst.obs.hsc.HscMapper',
    parents: [
      {kind: 'path', path: '../processCcd-3f2a9c71b0de'},
      {kind: 'root', root: '../../..'},
    ],
    root: null,
  } as const;

  it('is written as the template of a fresh rerun', () => expect(writeRepositoryCfg(cfg)).toBe(WEFT));

  it('is read back', () => {
    expect(readRepositoryCfg(WEFT)).toEqual({ok: true, value: cfg});
  });

  it('is read with comments, a quoted path and no nested root', () => {
    const text =
      "!RepositoryCfg_v1\n_mapper: !!python/name:a.B ''\n_parents:\n- '../it''s'   # first\n- \"../x y\"\n_root: null\n";
    expect(readRepositoryCfg(text)).toEqual({
      ok: true,
      value: {
        mapper: 'a.B',
        parents: [
          {kind: 'path', path: "../it's"},
          {kind: 'path', path: '../x y'},
        ],
        root: null,
      },
    });
  });

  it('keeps odd paths through writing and reading', () => {
    for (const path of ['../.NAME.a1', '../a b', '../a: b', "../it's", '../1,1', '123', '/abs/é', '../#x', '..']) {
      const odd = {mapper: 'a.B', parents: [{kind: 'path', path}], root: null} as const;
      expect(readRepositoryCfg(writeRepositoryCfg(odd))).toEqual({ok: true, value: odd});
    }
  });

  it('says what is wrong with other text', () => {
    expect(readRepositoryCfg('hello')).toMatchObject({ok: false});
    expect(readRepositoryCfg('!RepositoryCfg_v1\n_parents: []\n')).toEqual({
      ok: false,
      error: 'the file names no mapper',
    });
  });
});
