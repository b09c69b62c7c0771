/** What a scenario is, and the words scenarios are written with. */
import { PEERS } from './peers.mjs';

/**
 * @typedef {object} Row one thing that is measured
 * @property {string} id
 * @property {string} label
 * @property {string} tool
 * @property {string} image a name that `prepareImage` knows
 * @property {string[]} [flags] for our own command only
 */

/**
 * @typedef {object} Limit `row.metric ≤ factor × (what `than` names) + plus`
 * @property {string} row
 * @property {'wallMs' | 'cpuMs' | 'peakRssMiB' | 'roundTrips'} metric
 * @property {number} [factor] default 1
 * @property {string} [than] a row's id, `fastest peer` or `ideal`; without it `plus` is the limit
 * @property {number} [plus] in the metric's unit, default 0
 * @property {boolean} [plusNode] and Node's own start
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {{ rttMs: number, bitsPerSecond: number, windowBytes: number }} link
 * @property {number} idealRoundTrips what the ideal time has besides bytes / bandwidth
 * @property {boolean} [again] each run pushes what the same tool has just pushed
 * @property {boolean} [heavy] left out with --quick
 * @property {Row[]} rows
 * @property {Limit[]} limits
 */

const MIB = 1024 * 1024;

/** A job in one part of the world, its registry in another. */
export const WAN = { rttMs: 40, bitsPerSecond: 1e9, windowBytes: MIB };

/** Both in one data centre. */
export const LAN = { rttMs: 1, bitsPerSecond: 1e10, windowBytes: MIB };

/** Our own command. */
export function ours(image, more = {}) {
  return { id: 'ours', label: 'idpbuilder-push', tool: 'ours', image, ...more };
}

/** Our own command with one upload at a time. */
export function oursSerial(image) {
  const flags = ['--concurrency', '1'];
  return ours(image, { id: 'ours-1', label: 'idpbuilder-push --concurrency 1', flags });
}

/** Every other tool, or those named. */
export function peers(image, names = PEERS) {
  return names.map((name) => ({ id: name, label: name, tool: name, image }));
}

/** What the link itself takes, whoever sends: bytes / bandwidth + round trips. */
export function idealMs({ link, idealRoundTrips, again }, bytes) {
  const sending = again ? 0 : (bytes * 8 * 1000) / link.bitsPerSecond;
  return sending + idealRoundTrips * link.rttMs;
}
