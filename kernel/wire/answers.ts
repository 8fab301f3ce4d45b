import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import {toCodePoints, toUtf16} from './code-points.js';
import type {Comms} from './comms.js';
import type {History} from './history.js';
import {PROTOCOL_VERSION} from './message.js';
import type {Notebook} from './notebook.js';

/** The type of the reply to each request that has one. */
export const REPLIES = {
  kernel_info_request: 'kernel_info_reply',
  execute_request: 'execute_reply',
  is_complete_request: 'is_complete_reply',
  complete_request: 'complete_reply',
  inspect_request: 'inspect_reply',
  history_request: 'history_reply',
  comm_info_request: 'comm_info_reply',
  interrupt_request: 'interrupt_reply',
  shutdown_request: 'shutdown_reply',
} as const;

/** A request that is answered on the side: it neither executes a cell nor ends the kernel. */
export type SideRequest = Exclude<keyof typeof REPLIES, 'execute_request' | 'shutdown_request'>;

/** Gives the content of a reply, without its status where that is `ok`. */
export type Answer = (content: JsonObject) => JsonObject | Promise<JsonObject>;

/** What a kernel says of itself. */
export interface KernelInfo {
  readonly version: string;
  readonly banner: string;
}

/** How each request on the side is answered. */
export function answers(
  notebook: Notebook,
  history: History,
  comms: Comms,
  info: KernelInfo,
): Readonly<Record<SideRequest, Answer>> {
  return {
    kernel_info_request: () => kernelInfo(info),
    is_complete_request: async content => ({...(await notebook.isComplete(text(content['code'])))}),
    complete_request: async content => {
      const code = text(content['code']);
      const {matches, start, end, metadata} = await notebook.complete(code, cursor(code, content['cursor_pos']));
      return {matches, cursor_start: toCodePoints(code, start), cursor_end: toCodePoints(code, end), metadata};
    },
    inspect_request: async content => {
      const code = text(content['code']);
      const detail = content['detail_level'] === 1 ? 1 : 0;
      const data = await notebook.inspect(code, cursor(code, content['cursor_pos']), detail);
      return {found: data !== undefined, data: data ?? {}, metadata: {}};
    },
    history_request: content => ({history: history.answer(content)}),
    comm_info_request: content => comms.info(content['target_name']),
    interrupt_request: () => {
      notebook.interrupt();
      return {};
    },
  };
}

function kernelInfo({version, banner}: KernelInfo): JsonObject {
  return {
    protocol_version: PROTOCOL_VERSION,
    implementation: 'weft',
    implementation_version: version,
    language_info: {
      name: 'typescript',
      version: '6.0',
      mimetype: 'text/typescript',
      file_extension: '.ts',
      // JupyterLab and the classic notebook both highlight with this one (yunabe/tslab:src/jupyter.ts).
      codemirror_mode: {mode: 'typescript', name: 'javascript', typescript: true},
      nbconvert_exporter: 'script',
    },
    banner,
    debugger: false,
    help_links: [],
    supported_features: [],
  };
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

/** The UTF-16 offset of a cursor in code points; without one, the end. */
const cursor = (code: string, position: JsonValue | undefined): number =>
  typeof position === 'number' ? toUtf16(code, position) : code.length;
