import type {JsonObject} from '../../kernel/fingerprint/json.js';
import type {Message} from '../../kernel/wire/message.js';

/** A display of a cell, as it stands now: later updates of its `displayId` change it, whoever sent them. */
export interface Display {
  data: JsonObject;
  metadata: JsonObject;
  readonly displayId: string | undefined;
  /** How many updates it has had. */
  updates: number;
}

/** What a cell has shown, gathered from the messages whose parent is its request. */
export class Outputs {
  readonly streams = {stdout: '', stderr: ''};
  readonly displays: Display[] = [];
  result: {data: JsonObject; metadata: JsonObject; count: number} | undefined;
  error: {ename: string; evalue: string; traceback: string[]} | undefined;
  /** `clear_output` messages; the rig only counts them. */
  clears = 0;

  /** `text/plain` of the result. */
  get text(): string | undefined {
    return this.result?.data['text/plain'] as string | undefined;
  }

  /** Takes one message of this cell. Gives the display that it made. */
  add({header, content}: Message): Display | undefined {
    switch (header.msg_type) {
      case 'stream':
        this.streams[content['name'] as 'stdout' | 'stderr'] += content['text'] as string;
        return undefined;
      case 'display_data': {
        const displayId = (content['transient'] as JsonObject)['display_id'] as string | undefined;
        const display: Display = {...dataOf(content), displayId, updates: 0};
        this.displays.push(display);
        return display;
      }
      case 'execute_result':
        this.result = {...dataOf(content), count: content['execution_count'] as number};
        return undefined;
      case 'error':
        this.error = content as unknown as NonNullable<Outputs['error']>;
        return undefined;
      case 'clear_output':
        this.clears++;
        return undefined;
      default:
        return undefined;
    }
  }
}

/** Data and metadata of a message that shows something. */
export const dataOf = (content: JsonObject): {data: JsonObject; metadata: JsonObject} => ({
  data: content['data'] as JsonObject,
  metadata: content['metadata'] as JsonObject,
});
