import type {Random} from '../rig/random.js';
import {taskOf, variablesOf, type From, type Given, type Json, type Loop, type Model} from './model.js';

/** The same in another order. */
export function mixed<T>(all: readonly T[], random: Random): T[] {
  const left = [...all];
  const result: T[] = [];
  while (left.length > 0) result.push(...left.splice(random.below(left.length), 1));
  return result;
}

const quoted = (text: string): string => (/^[\w.,/=*-]+$/.test(text) ? text : `'${text}'`);

/** `up[x]['k'][*]`, with which `--from` names what it means. */
export function reference(model: Model, {task, at}: From, other: boolean): string {
  const producer = taskOf(model, task);
  const indexes = at.map(index =>
    index.is === 'loop' ? `[${index.variable}]` : other ? `[${index.key}]` : `['${index.key}']`,
  );
  return `${producer.look.name}${indexes.join('')}${at.length < variablesOf(producer).length ? '[*]' : ''}`;
}

/** The `%%foreach` lines of a task. */
export function loopLines(model: Model, loops: readonly Loop[], other: boolean): readonly string[] {
  const binders = loops.map(({variable, list}) => {
    if (list.is === 'task') return `${variable} in ${taskOf(model, list.task).look.name}`;
    const {keys} = list;
    const numbers = keys.every(key => typeof key === 'number');
    const run = numbers && keys.length > 1 && keys.every((key, i) => i === 0 || key === (keys[i - 1] as number) + 1);
    if (other && run) return `${variable} in [${keys[0]}..${keys.at(-1)}]`;
    if (other) return `${variable} in \${${JSON.stringify(keys)}}`;
    return `${variable} in [${keys.map(key => (typeof key === 'number' ? key : quoted(key))).join(', ')}]`;
  });
  if (binders.length === 0) return [];
  return other ? [`%%foreach ${binders.join(', ')}`] : binders.map(binder => `%%foreach ${binder}`);
}

/** JSON as an expression. */
export const expression = (json: Json): string =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
    ? `(${JSON.stringify(json)})`
    : JSON.stringify(json);

/** A `--with`. */
export function givenWord(model: Model, {variable, value}: Given, other: boolean): string {
  if (value.is === 'json') {
    if (!other && typeof value.json === 'string') return `${variable}='${value.json}'`;
    return `${variable}=\${${expression(value.json)}}`;
  }
  const {name} = taskOf(model, value.task).look;
  if (value.what === 'all') return other ? `${variable}=\${${name}}` : `${variable}=\${[...${name}]}`;
  return value.what === 'length'
    ? `${variable}=\${${name}.length}`
    : `${variable}=\${${other ? `${name}.at(0)` : `${name}[0]`} ?? null}`;
}

/** An element of a set, or a whole one, as an expression. */
export const handle = (model: Model, {task, at}: From): string =>
  `${taskOf(model, task).look.name}${at.map(index => `[${JSON.stringify(index.is === 'key' ? index.key : index.variable)}]`).join('')}`;
