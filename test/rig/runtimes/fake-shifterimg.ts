import {writeSync} from 'node:fs';
import {getopt} from './getopt.js';
import {parseImage} from './shifter-image.js';
import {calledWith, isThere, logCall, lookup, readSite, setPulled} from './site.js';

const [, ...argv] = calledWith();
const site = readSite();
logCall('shifterimg', argv);

const usage = `Usage:
shifterimg [options] <mode> <type:tag>

    Mode: images, lookup, pull, login
`;
const {given, rest, error} = getopt(argv, [
  {long: 'help', short: 'h', argument: 'none'},
  {long: 'verbose', short: 'v', argument: 'none'},
  {long: 'user', argument: 'required'},
  {long: 'group', argument: 'required'},
]);
const [mode, text] = argv.slice(rest);
const verbose = given.some(({name}) => name === 'verbose');
const time = () => new Date().toISOString().slice(0, 19);
const image = text === undefined ? undefined : parseImage(text);

function end(status: number, out = '', problem = ''): never {
  if (problem !== '') writeSync(2, problem);
  writeSync(1, out);
  process.exit(status);
}

if (given.some(({name}) => name === 'help')) end(0, usage);
if (error !== undefined) end(1, usage, `shifterimg: ${error}\n`);
if (mode === undefined) end(1, usage, 'Must specify mode (images, lookup, pull)!\n');
if (!['images', 'lookup', 'pull', 'pullnb', 'login', 'expire'].includes(mode))
  end(1, usage, 'Invalid mode specified\n');
if (mode === 'login') end(0);
if (mode !== 'images' && image === undefined) end(1);
if (site.gateway === 'down') end(1, 'ERROR: failed to contact the image gateway.\n');

if (mode === 'images') {
  const rows = site.images.filter(isThere).map(({type, id, name}) => {
    const columns = ['fake'.padEnd(10), type.padEnd(10), 'READY'.padEnd(8), id.slice(0, 10)].join(' ');
    return `${columns}   2026-11-22T18:48:58 ${name.padEnd(30)}\n`;
  });
  end(0, rows.join(''));
}
if (image === undefined) end(1);
if (mode === 'lookup') {
  const found = image.type === 'id' ? undefined : lookup(site, image.type, image.tag);
  if (found === undefined) {
    end(1, verbose ? 'Got response: 404\nMessage: {"error": "Image not found"}\n' : '');
  }
  const message = JSON.stringify({id: found.id, itype: found.type, tag: [found.name], status: 'READY', ENV: null});
  end(0, `${verbose ? `Message: ${message}\n` : ''}${found.id}\n`);
}
if (mode === 'expire') end(0);

const known = site.images.find(each => each.type === image.type && each.name === image.tag);
const says = known === undefined ? 'FAILURE' : (known.pull ?? 'READY');
const line = (status: string) => `\r\u001b[2K${time()} Pulling Image: ${image.type}:${image.tag}, status: ${status}`;
const steps = mode === 'pullnb' ? ['INIT'] : ['INIT', 'PULLING', 'PULLING', says];
if (known !== undefined && says === 'READY') setPulled(known);
end(0, `${steps.map(line).join('')}\n`);
