import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Message} from '../../kernel/wire/message.js';
import {found, need} from '../rig/component.js';
import {pythonWith} from '../rig/jupyter.js';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

const python = pythonWith('json');
const science = pythonWith('numpy', 'matplotlib');

test('a script of Python has values, paths, and gives its last expression', async context => {
  need(context, python);
  await using notebook = await openTestNotebook();
  await notebook.run(`%config python ${found(python)}`);
  await notebook.run(
    'const s = `it\'s "q" $x\\n\\\\ é 🎉`, n = 2.5, o = {b: [1, "x", true], a: null}, big = "x".repeat(300000);',
  );
  await notebook.run('%%bash --as det\necho 7 > n.txt');
  await notebook.run("%%bash --as five --value\necho '[5]'");
  await notebook.run('%%foreach k in [a/b, c]\n%%bash --as dets\necho $k > k.txt');
  const given =
    "%%python --as v --value --with s,n,o,big --with lit='a b' --from det --from d=dets[c] --from dets --from five";
  await notebook.run(
    `${given}\nimport os, pathlib\nassert isinstance(det, pathlib.Path) and isinstance(dets, pathlib.Path)\nassert weft.out == pathlib.Path.cwd()\n` +
      '[s, n, o, len(big), lit, (det / "n.txt").read_text(), (d / "k.txt").read_text(), sorted(os.listdir(dets)), five, os.environ.get("PYTHONNOUSERSITE")]',
  );
  expect(await notebook.value('JSON.stringify((await v).slice(1)) + ((await v)[0] === s)')).toBe(
    `'[2.5,{"a":null,"b":[1,"x",true]},300000,"a b","7\\\\n","c\\\\n",["a%2Fb","c"],[5],"1"]true'`,
  );
});

test('a script of Python is the same task however it was written, and a hit', async context => {
  need(context, python);
  await using notebook = await openTestNotebook();
  await notebook.run(`%config python ${found(python)}`);
  await notebook.run('%%foreach i in [1, 2]\n%%python --as a --value\nx = i * 2\nx + 1');
  expect(await notebook.value('JSON.stringify(await a)')).toBe(`'{"1":3,"2":5}'`);
  await notebook.run('%%foreach i in 1..2\n%%python --as b --value --with i\r\nx = i * 2\r\nx + 1\r\n');
  expect((await notebook.run('%wait b')).shown).toContain('2 cached');
  expect(
    (await notebook.run('await python(`\n    x = i * 2\n    x + 1\n  `, {value: true, with: {i: 1}})')).shown,
  ).toContain('cached');
  await notebook.run('%%foreach i in 1..2\n%%python --as a --value\nx = i * 2\nx + 2');
  await notebook.run('%wait a');
  expect((await notebook.run('%why a[1]')).shown).toContain('x + 2');
  expect((await notebook.run('%%python --as d --no-strict\n1')).error).toContain('W2001');
  expect((await notebook.run('await python("1", {strict: true})')).error).toContain('has no option `strict`');
});

test('a value is what JSON has; anything else says what it is and where', async context => {
  need(context, python);
  await using notebook = await openTestNotebook();
  await notebook.run(`%config python ${found(python)}`);
  const value = async (script: string): Promise<string> => {
    const seen = await notebook.run(`JSON.stringify(await python(${JSON.stringify(script)}, {value: true}))`);
    return seen.text ?? seen.error;
  };
  expect(await value('import pathlib\n(1, [True, None], {"a": 1.5, 3: "x"}, pathlib.Path("/a"))')).toBe(
    `'[1,[true,null],{"3":"x","a":1.5},"/a"]'`,
  );
  expect(await value('None')).toBe("'null'");
  expect(await value('[1, {"a": float("nan")}]')).toContain("the value[1]['a'] is nan, which JSON does not have");
  expect(await value('2**53 + 1')).toContain('make it a text');
  expect(await value('{1, 2}')).toContain('is of type set');
  expect(await value('{(1, 2): 3}')).toContain('has a key that is no text');
  expect(await value('a = []\na.append(a)\na')).toContain('nested too deeply');
  expect(await value('x = 1')).toContain('the last line of the script must be an expression');
  expect(await value('import sys\nsys.exit(0)\n1')).toContain('ended by itself');
  expect(await value('from __future__ import annotations\ndef f(x: Missing): pass\nf.__annotations__')).toContain(
    '"x":"Missing"',
  );
  expect(
    await value(
      'import multiprocessing as m\ndef f(x): return x * x\nif __name__ == "__main__":\n    c = m.get_context("spawn")\n    with c.Pool(1) as p: r = p.map(f, [2, 3])\nr',
    ),
  ).toBe("'[4,9]'");
});

test('a traceback has the lines of the cell, and none of ours', async context => {
  need(context, python);
  await using notebook = await openTestNotebook();
  await notebook.run(`%config python ${found(python)}`);
  await notebook.run(
    '%%foreach i in [1]\n%%python --as bad\nimport json\nprint("before")\ndef f(x):\n    return json.loads(x)\nf("{")',
  );
  const {error} = await notebook.run('await bad');
  expect(error).toContain('exit 1: line 6: json.decoder.JSONDecodeError');
  const log = (await notebook.run('%log bad')).out;
  expect(log).toMatch(
    /before\nTraceback \(most recent call last\):\n {2}File "<cell>", line 7, in <module>\n {4}f\("\{"\)\n(?: +[~^]+\n)?(?: {2}File "<cell>", line 6, in f\n)/,
  );
  expect(log).not.toContain('.weft.main');
  expect(log.match(/File "/g)).toHaveLength(3);
  await notebook.run('%%python --as syntax\n\nx = (1,\n');
  const syntax = (await notebook.run('await syntax')).error;
  expect(syntax).toContain('line 3: SyntaxError');
  expect(syntax).not.toContain('ast.py');
  await notebook.run('%%python --as code\nimport sys\nsys.exit("enough")');
  expect((await notebook.run('await code')).error).toContain('exit 1: enough');
  await notebook.run(
    '%%python --as chained\ntry:\n    1 / 0\nexcept Exception as e:\n    raise ValueError("x") from e',
  );
  expect((await notebook.run('%wait chained\n%log chained')).out).toMatch(
    /line 3, in[^]*ZeroDivision[^]*line 5, in[^]*ValueError: x/,
  );
});

test('builtins of Python may be hidden, from the script and from nothing of ours', async context => {
  need(context, python);
  await using notebook = await openTestNotebook();
  await notebook.run(`%config python ${found(python)}`);
  const hidden =
    'str list len isinstance getattr hasattr type dict open print float int tuple sum repr abs id set sorted any'.split(
      ' ',
    );
  const given = hidden.map(name => `${name}=${name}!`).join(',');
  await notebook.run(
    `%%python --as v --value --with ${given}\nimport pathlib\n{1: [${hidden.join(', ')}], "p": pathlib.Path("/x")}`,
  );
  expect(await notebook.value('JSON.stringify(await v)')).toBe(
    `'${JSON.stringify({1: hidden.map(name => `${name}!`), p: '/x'})}'`,
  );
  await notebook.run(`%%python --as bad --with ${given}\n\nsum()`);
  expect((await notebook.run('await bad')).error).toContain("line 3: TypeError: 'str' object is not callable");
});

test('files of a script are linked, importable, and leave nothing behind', async context => {
  need(context, python);
  using folder = scratch();
  writeFileSync(folder.at('helper.py'), 'def two():\n    import weft\n    return [2, weft.out.name[0]]\n');
  await using notebook = await openTestNotebook({directory: folder.path});
  await notebook.run(`%config python ${found(python)}`);
  await notebook.run('%%python --as f --in helper.py\nimport helper\nopen("x.txt", "w").write(str(helper.two()))');
  expect(await notebook.value("[(await f).files.join(), (await f).text('x.txt')].join()")).toBe(`"x.txt,[2, '.']"`);
});

test('names that Python keeps are errors, and names that a script is not given a warning', async context => {
  need(context, python);
  await using notebook = await openTestNotebook({env: {FROM_KERNEL: 'yes'}});
  await notebook.run(`%config python ${found(python)}`);
  const {error} = await notebook.run('%%foreach lambda in [1]\n%%python --with weft=1 --with __x__=2\n1');
  for (const name of ['lambda', 'weft', '__x__']) expect(error).toContain(`W6001  \`${name}\``);
  await notebook.run('const tract = 9;');
  const {err} = await notebook.run(
    '%%python --as w\nimport os\nprint(tract, os.environ.get("FROM_KERNEL"), elsewhere)',
  );
  expect(err).toContain('add `--with tract`');
  expect(err).toContain('%env FROM_KERNEL=$FROM_KERNEL');
  expect(err).not.toContain('names `elsewhere`');
  expect(err.match(/W6003/g)).toHaveLength(2);
});

test('without Python a script of it is an error that says what helps, and all else works', async () => {
  using folder = scratch();
  const bin = folder.at('bin');
  mkdirSync(bin);
  for (const name of [
    'bash',
    'env',
    'mkdir',
    'mv',
    'rm',
    'cat',
    'ls',
    'sleep',
    'date',
    'kill',
    'sed',
    'tee',
    'setsid',
    'ps',
  ])
    for (const place of ['/usr/bin', '/bin'])
      try {
        symlinkSync(join(place, name), join(bin, name));
        break;
      } catch {
        continue;
      }
  await using notebook = await openTestNotebook({env: {PATH: bin}});
  const {error} = await notebook.run('%%python\n1');
  expect(error).toMatch(/W6004 {2}there is no `python3` on the PATH\n {2}%%python\n {4}~{6} {2}.*%config python PATH/);
  await notebook.run('%%bash --as v --value\necho 3');
  expect(await notebook.value('await v + 1')).toBe('4');
  expect((await notebook.run('%config python ./nowhere')).error).toBe('');
  expect((await notebook.run('%%python\n1')).error).toContain('there is no `');
  writeFileSync(folder.at('old'), '#!/bin/sh\nprintf "2\\0017\\001a\\001b\\001c"\n', {mode: 0o755});
  await notebook.run(`%config python ${folder.at('old')}`);
  expect((await notebook.run('%%python\n1')).error).toContain('is Python 2.7, and scripts need 3.6');
});

test('values of numpy are values, and open figures are files that are shown', async context => {
  need(context, science);
  await using notebook = await openTestNotebook();
  await notebook.run(`%config python ${found(science)}`);
  await notebook.run(
    '%%python --as v --value\nimport numpy as np\n{"a": np.arange(3), "f": np.float32(0.5), "b": np.bool_(True), np.int64(4): np.array([[1.5]]), "l": np.longdouble(2), "m": np.ma.masked_array([1, 2], [0, 1])}',
  );
  expect(await notebook.value('JSON.stringify(await v)')).toBe(
    `'{"4":[[1.5]],"a":[0,1,2],"f":0.5,"b":true,"l":2,"m":[1,null]}'`,
  );
  const plot =
    'import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.figure()\nplt.hist([1, 1, 2])\nopen("a.txt", "w").write("x")';
  await notebook.run(`%%python --as plots --out a.txt\n${plot}`);
  const files = await notebook.value('(await plots).files.join()');
  expect(files).toBe("'a.txt,figure-1.png,figure-2.png'");
  const path = (await notebook.value('(await plots).path'))?.slice(1, -1) ?? '';
  expect(readFileSync(join(path, 'figure-2.png')).subarray(1, 4).toString()).toBe('PNG');
  const {outputs} = await notebook.kernel.client.execute(`%%python --as again --out a.txt\n${plot}`);
  const withImages = (message: Message): boolean => JSON.stringify(message.content).includes('figure-2.png');
  await notebook.kernel.client.waitFor(withImages);
  await notebook.run('%wait again');
  const html = outputs.displays.map(({data}) => data['text/html'] as string).join('');
  expect(html.match(/<img [^>]*src="data:image\/png;base64,iVBOR/g)).toHaveLength(2);
  expect(html).toContain('alt="figure-1.png"');
  await notebook.run('%%python --as value --value\nimport matplotlib.pyplot as plt\nplt.plot([1])\n1');
  expect((await notebook.run('%wait value\n%log value')).out).toContain('figures are not kept');
});

test('a cell that looks like Python is given back with `%%py`, where the client takes it', async () => {
  await using notebook = await openTestNotebook();
  const code = 'import numpy as np\nnp.mean([1])';
  const {reply} = await notebook.kernel.client.execute(code);
  expect(reply['ename']).toBe('W1010');
  expect(JSON.stringify(reply['traceback'])).toContain('put `%%py` first');
  expect(reply['payload']).toEqual([{source: 'set_next_input', text: `%%py\n${code}`, replace: true}]);
  const other = await notebook.kernel.client.execute('const x = ;');
  expect(other.reply['payload']).toEqual([]);
});
