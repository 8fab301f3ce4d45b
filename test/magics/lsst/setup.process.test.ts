import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {House, SETUP} from '../../tutorial/house.js';

let house: House;
beforeEach(() => {
  house = new House({WEFT_SLOTS: '2'});
});
afterEach(() => house[Symbol.dispose]());

/** Writes `tools/bin/tool.sh`, which prints a text. */
function tool(text: string): void {
  mkdirSync(house.at('tools/bin'), {recursive: true});
  mkdirSync(house.at('tools/ups'), {recursive: true});
  writeFileSync(house.at('tools/ups/tools.table'), 'envPrepend(PATH, ${PRODUCT_DIR}/bin)\n');
  writeFileSync(house.at('tools/bin/tool.sh'), `#!/bin/sh\necho '"${text}"'\n`);
  chmodSync(house.at('tools/bin/tool.sh'), 0o755);
}

describe('a product that is set up from a directory of its own', () => {
  it('is looked at for each run: an edit is a miss, and switching back a hit', async () => {
    house.write('tool.ipynb', [
      '!simstack install stack',
      '%setup source stack/loadLSST.bash\n%setup setup lsst_distrib\n%setup setup -j -r tools',
      '%%bash --as said --value\ntool.sh',
      'await said',
      '%why said',
    ]);
    const outcomes: unknown[] = [];
    for (const text of ['one', 'two', 'one']) {
      tool(text);
      const {summary, ended} = await house.run('tool.ipynb', ['--output', 'done.ipynb']);
      expect(summary.ok, ended.stderr).toBe(true);
      outcomes.push([text, summary.tasks.ran, summary.tasks.cached]);
      const done = readFileSync(house.at('done.ipynb'), 'utf8');
      expect(done).toContain(`'${text}'`);
      if (text === 'two') expect(done).toContain('the product `tools`, a directory of your own, has other content');
    }
    expect(outcomes).toEqual([
      ['one', 1, 0],
      ['two', 1, 0],
      ['one', 0, 1],
    ]);
  });

  it('is looked at again by the next cell of a notebook', async () => {
    tool('one');
    house.write('tool.ipynb', [
      '!simstack install stack',
      '%setup source stack/loadLSST.bash\n%setup setup -j -r tools',
      '%%bash --as said --value\ntool.sh',
      'await said',
      '!sed -i s/one/two/ tools/bin/tool.sh',
      '%%bash --as again --value\ntool.sh',
      'if ((await again) !== "two") throw new Error("it is not looked at again");',
    ]);
    const {summary, ended} = await house.run('tool.ipynb');
    expect(summary.ok, ended.stderr).toBe(true);
    expect(summary.tasks).toMatchObject({ran: 2, cached: 0});
    // `eups` is a function here, of which nothing but what it lists counts.
    const products = readdirSync(house.at('.weft/setups')).map(name => {
      const setup = JSON.parse(readFileSync(house.at(`.weft/setups/${name}`), 'utf8')) as {
        contents: {products?: Record<string, string>};
      };
      return setup.contents.products;
    });
    expect(products.filter(each => each !== undefined)).toEqual([{tools: 'LOCAL'}, {tools: 'LOCAL'}]);
  });
});

describe('a product of a person’s own that is edited', () => {
  it('while tasks wait or run that were planned with it makes none of them a result', async () => {
    tool('one');
    const until = (file: string): string =>
      `while [[ ! -e '${house.at(file)}' ]]; do read -t 0.02 <> <(:) || true; done`;
    house.write('tool.ipynb', [
      '!simstack install stack',
      `%%bash --as slow\n${until('edited')}; echo 1 > o`,
      '%setup source stack/loadLSST.bash\n%setup setup -j -r tools',
      `%%bash --as waits --from slow --value\ntouch '${house.at('ran')}'; tool.sh`,
      `%%bash --as runs --value\ntouch '${house.at('begun')}'; ${until('edited')}; tool.sh`,
      `!${until('begun')}; sed -i s/one/two/ tools/bin/tool.sh; touch edited`,
      `const ended = await Promise.allSettled([waits, runs]);
       for (const {reason} of ended)
         if (!/tools\\/ has other content than when the cell ran; run the cell again/.test(reason?.message)) throw new Error(String(reason));`,
      '!sed -i s/two/one/ tools/bin/tool.sh',
      '%%bash --as again --value\ntool.sh',
      'if ((await again) !== "one") throw new Error(await again);',
    ]);
    const {summary} = await house.run('tool.ipynb', ['--output', 'done.ipynb']);
    expect(summary.tasks).toMatchObject({ran: 2, failed: 2});
    expect(readFileSync(house.at('done.ipynb'), 'utf8')).not.toContain('"output_type": "error"');
    expect(existsSync(house.at('ran'))).toBe(false);
  });
});

describe('a data package without its large files', () => {
  it('is refused before anything is ingested, with the command that fetches them', async () => {
    house.write('ingest.ipynb', [
      SETUP[0]!,
      '!for f in ci_hsc/raw/*.fits; do printf "version https://git-lfs.github.com/spec/v1\\noid sha256:0\\nsize 9\\n" > $f; done; mkdir ci_hsc/.git',
      SETUP[1]!,
      '!mkdir DATA; echo lsst.obs.hsc.HscMapper > DATA/_mapper',
      '%repo DATA',
      '%%lsst ingestImages\n$CI_HSC_DIR/raw/*.fits --mode=link',
    ]);
    const {summary, ended} = await house.run('ingest.ipynb');
    expect(summary.ok).toBe(false);
    expect(ended.stderr).toContain('33 of 33 raws are git-lfs pointers, not images');
    expect(summary.tasks.total).toBe(0);
  });
});
