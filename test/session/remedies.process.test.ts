import {expect, test} from 'vitest';
import {openTestNotebook} from './notebook.js';

test('all errors of a line are said at once, each with what to do', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('const q = {get v() { throw new TypeError("boo"); }}, deep = {a: [1, {b: () => 1}]}');
  const {error} = await notebook.run('%%bash --with x=${q.v} y=${nope} --cpus z --with deep --in no.txt\ntrue');
  expect(error).toMatch(/:1:17 {2}W2031 {2}`q\.v`: TypeError: boo[^]*try it in a cell of its own/);
  expect(error).toMatch(/W2034 {2}`nope` is not defined/);
  expect(error).toMatch(/W2010 {2}`z` is no whole number/);
  expect(error).toMatch(/W2032 {2}`deep` is Object, whose a\[1\]\.b is a function[^]*give a future, a text/);
  expect(error.match(/ W20\d\d {2}/g)).toHaveLength(4);
  expect(error).toContain('there is no file `no.txt`');
  const line = (await notebook.run('%%bash --cpus z --in no.txt --in ${q.v}\ntrue')).error;
  expect(line.match(/ W2031 | W2010 | W7001 /g)).toHaveLength(3);
  const call = (await notebook.run("bash('', {in: 'no.txt'})")).error;
  expect(call.match(/W9002 | W7001 /g)).toHaveLength(2);
  const list = (await notebook.run('%%foreach x in [${NaN}, ${q.v}]\n%%bash\ntrue')).error;
  expect(list).toMatch(/W2031 {2}`NaN`: it is NaN[^]*W2031 {2}`q\.v`: TypeError: boo/);
});

test('what is no list is told what makes one of it', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('const mixed = [null, undefined], set = new Set([1]), map = new Map([["a", 1]])');
  await notebook.run('%%foreach i in [1]\n%%bash --as s\necho $i > o');
  await notebook.run('%%bash --as files\ntouch b.txt');
  const wrong = async (list: string): Promise<string> =>
    (await notebook.run(`%%foreach x in ${list}\n%%bash\ntrue`)).error;
  expect(await wrong('mixed')).toMatch(
    /`mixed` is Array, whose \[1\] is undefined, which is no JSON\n[^]*a list has texts/,
  );
  expect(await wrong('set')).toMatch(/`set` is Set, no list\n[^]*`\$\{\[\.\.\.set\]\}`/);
  expect(await wrong('map')).toContain('`${[...map.keys()]}`');
  expect(await wrong('s')).toContain('await it for the list of what it gives');
  expect(await wrong('files')).toContain('`${[...(await files).files]}`');
});

test('of a script %show lists the files, and %help says where to look', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as src\ntouch b.txt c.txt');
  await notebook.run('%wait src');
  const shown = (await notebook.run('%show src d.txt')).error;
  expect(shown).toMatch(/:1:11 {2}W7015 {2}`src` has no file `d\.txt`\n[^]*it has b\.txt, c\.txt/);
  expect(shown).not.toContain('calexp');
  expect((await notebook.run('%show src')).error).toContain('`%show src b.txt`');
  expect((await notebook.run('%help fo')).error).toContain('`%lsmagic` lists the magics');
  expect((await notebook.run('%%lsst processCcd --with x\n--id')).error).toContain('in the body below, `${x}`');
});
