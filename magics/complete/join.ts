import type {Completer} from '../../kernel/session/completer.js';

/** What fits in a `%%join` line: futures, and the ways in which they are joined. */
export const completeJoin: Completer = ({at}) => {
  if (at.is === 'word') return ['futures'];
  if (at.is !== 'value') return [];
  if (at.option === 'prefer') return ['futures'];
  if (at.option !== 'mode') return [];
  return [
    {text: 'auto', help: 'chain where it can be, else link', type: 'value'},
    {text: 'chain', help: 'one rerun with all as parents', type: 'value'},
    {text: 'link', help: 'one rerun with links to the files of all', type: 'value'},
  ];
};
