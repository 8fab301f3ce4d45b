import {writeSync} from 'node:fs';
import {codeOf, relay} from './relay.js';

// The first process of a container with `--pid`: gives signals to the payload alone, and when it ends all others end too.
const {ended} = relay(process.argv.slice(2), 'inherit');
process.title = 'appinit';
writeSync(3, 'ready');
process.exit(codeOf(await ended));
