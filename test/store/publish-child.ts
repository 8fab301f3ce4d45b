import {publish, type Publication} from '../../kernel/store/publish.js';

/** Publishes what its first argument says, and is killed before the step that its second argument names. */
const [publication, last] = process.argv.slice(2);
const result = await publish(JSON.parse(publication ?? '') as Publication, {
  step: name => {
    if (name === last) process.kill(process.pid, 'SIGKILL');
  },
});
process.exitCode = result.ok ? 0 : 1;
