import {expect, test} from 'vitest';
import {AgainMark} from '../../kernel/session/again-mark.js';
import type {TaskNode} from '../../kernel/session/node.js';
import type {ChangeText} from '../../kernel/show/change-text.js';

const change: ChangeText = {text: '', lines: [], short: '`n` was 1, is 2', common: '`n` changed'};
const task = (state: object = {is: 'queued'}, entry: object = {}): TaskNode =>
  ({state, entry: {checked: true, force: false, task: {}, state, ...entry}}) as unknown as TaskNode;

test('what was looked for in vain is compared, once, and of many the first twenty', () => {
  const mark = new AgainMark();
  const tasks = Array.from({length: 30}, () => task());
  expect(tasks.map(one => mark.see(one)).filter(Boolean)).toHaveLength(20);
  expect(tasks.some(one => mark.see(one))).toBe(false);
  expect(mark.take()).toEqual(tasks.slice(0, 20));
  expect(mark.take()).toEqual([]);
  expect(mark.words(false)).toEqual([]);
  for (const one of tasks.slice(0, 5)) mark.learn(one, [change]);
  expect(mark.learn(task(), [])).toBe(false);
  expect(mark.words(false)).toEqual(['at least 5 run again: `n` was 1, is 2']);
});

test('what is cached, refused, forced, elsewhere, or not looked for yet is not compared', () => {
  const mark = new AgainMark();
  const others = [
    task({is: 'done', how: 'cached'}),
    task({is: 'cancelled'}),
    task({is: 'waiting'}, {elsewhere: true}),
    task({is: 'waiting'}, {undecided: true}),
    task({is: 'queued'}, {checked: false}),
    task({is: 'queued'}, {missed: 'f is missing'}),
    task({is: 'queued'}, {force: true}),
    task({is: 'queued'}, {forced: true}),
  ];
  expect(others.map(one => mark.see(one))).toEqual(others.map(() => false));
  for (const is of ['waiting', 'running', 'failed', 'blocked']) expect(mark.see(task({is})), is).toBe(true);
  expect(mark.see(task({is: 'done', how: 'ran'}))).toBe(true);
});

test('a task that was found done after all says nothing, and one that has ended says that it ran', () => {
  const mark = new AgainMark();
  const found = task({is: 'done', how: 'cached'});
  const ended = task({is: 'failed', at: 1});
  for (const one of [found, ended]) mark.learn(one, [change]);
  expect(mark.words(true)).toEqual(['ran again: `n` was 1, is 2']);
});
