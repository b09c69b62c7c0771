/**
 * A process that writes into a record: `node cas-writer.ts FILE NAME COUNT`. It says `ready` when
 * the record is open, and waits for its standard input; 0 blobs mean until it is killed.
 */
import { CasIndex } from '../../../src/state/cas-index.ts';
import { blob, MIB } from './cas-support.ts';

const [file = '', name = '', count = '0'] = process.argv.slice(2);
const index = await CasIndex.open({
  file,
  maxBytes: 256 * MIB,
  maxEntries: 1_000_000,
  now: () => Date.now(),
  onProblem: (message) => console.log(`problem: ${message}`),
});
console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();

const last = Number(count) || Number.POSITIVE_INFINITY;
for (let at = 0; at < last; at += 1) {
  index?.seen('ghcr.io', `team/${name}`, blob(`${name} ${at}`));
  // Others want to write, too: a push waits for the network most of the time.
  if (at % 200 === 199) await new Promise((resolve) => setTimeout(resolve, 3));
}
console.log(`changed: ${index?.close()}`);
