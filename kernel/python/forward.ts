import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {Message} from '../wire/message.js';
import type {CellOutput} from '../wire/notebook.js';
import type {PythonDone} from './port.js';

/** Shows what another kernel has published as output of a cell of ours. */
export function forward({header, content}: Pick<Message, 'header' | 'content'>, output: CellOutput): void {
  const data = objectOf(content['data']);
  const metadata = objectOf(content['metadata']);
  const id = objectOf(content['transient'])['display_id'];
  const displayId = typeof id === 'string' ? id : undefined;
  switch (header.msg_type) {
    case 'stream': {
      const {name, text} = content;
      if (typeof text === 'string') output.stream(name === 'stderr' ? 'stderr' : 'stdout', text);
      return;
    }
    case 'display_data':
      output.display(data, metadata, displayId);
      return;
    case 'update_display_data':
      if (displayId !== undefined) output.update(displayId, data, metadata);
      return;
    case 'execute_result':
      output.result(data, metadata);
      return;
    case 'clear_output':
      output.clear(content['wait'] === true);
      return;
  }
}

/** A text of a message; empty for what is none. */
export const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

const objectOf = (value: JsonValue | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

/** The texts of user expressions in a reply. */
export function textsOf(answers: JsonValue | undefined): Extract<PythonDone, {is: 'ok'}>['texts'] {
  const texts: Record<string, {readonly text: string} | {readonly error: string}> = {};
  for (const [name, answer] of Object.entries((answers ?? {}) as JsonObject)) {
    const {status, data, evalue} = answer as JsonObject;
    const text = (data as JsonObject | undefined)?.['text/plain'];
    texts[name] = status === 'ok' && typeof text === 'string' ? {text} : {error: textOf(evalue)};
  }
  return texts;
}
