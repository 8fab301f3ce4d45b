import type {Code} from '../../cell/codes.js';
import type {Diagnostic} from '../../cell/diagnostic.js';
import type {ContainerProblem} from './runtime.js';

/** A diagnostic of an image, whose place the magic knows. */
export type ImageProblem = Omit<Diagnostic, 'span'>;

const CODE_OF: Readonly<Record<ContainerProblem['is'], Code>> = {
  absent: 'W8010',
  down: 'W8011',
  denied: 'W8012',
  reference: 'W8013',
  image: 'W8014',
  pull: 'W8015',
  architecture: 'W8016',
  mount: 'W8017',
  option: 'W8018',
  nested: 'W8019',
  full: 'W8020',
  slow: 'W8021',
  other: 'W8002',
};

/** The diagnostic of what is wrong with a container. */
export const imageProblem = ({is, message, remedy}: ContainerProblem): ImageProblem => ({
  code: CODE_OF[is],
  severity: 'error',
  message,
  hint: remedy,
});
