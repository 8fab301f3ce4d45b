import type {Completer, Fitting} from '../../kernel/session/completer.js';
import {containers} from './images.js';

/** What every task magic's line takes, with what one of them takes besides. */
export const taskCompleter =
  (own: Completer = () => []): Completer =>
  async (place, context): Promise<readonly Fitting[]> => {
    const found = await own(place, context);
    if (found.length > 0 || place.at.is !== 'value') return found;
    switch (place.at.option) {
      case 'from':
        return ['futures'];
      case 'reads':
      case 'mutates':
        return ['directories'];
      case 'in':
        return ['files'];
      case 'with':
        return ['names'];
      case 'container':
        return containers(place.text, context);
      case 'executor':
        return [{text: 'local', type: 'value', help: 'this machine'}];
      default:
        return [];
    }
  };
