import type {Html} from './html.js';
import {markup} from './html.js';

/** A picture that is shown with a task's display. */
export interface ShownPicture {
  /** Its file's name. */
  readonly name: string;
  /** The PNG file. */
  readonly base64: string;
}

/** Pictures below a display, each as wide as there is room; a client that takes no scripts shows them too. */
export const picturesHtml = (pictures: readonly ShownPicture[], more: string): Html =>
  markup`${pictures.map(
    ({name, base64}) =>
      markup`<div><img alt="${name}" title="${name}" style="max-width:100%" src="data:image/png;base64,${base64}"></div>`,
  )}${more === '' ? undefined : markup`<div>${more}</div>`}`;
