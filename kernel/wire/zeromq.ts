import {createRequire} from 'node:module';

/**
 * The sockets of ZeroMQ. The package is an old module with a big face: to `import` from it, Node would read its text for names first,
 * which takes a third of the time that loading it does, and a kernel answers nobody before.
 */
export const {Dealer, Reply, Router, Subscriber, XPublisher} = createRequire(import.meta.url)(
  'zeromq',
) as typeof import('zeromq');
