/** Images whose bytes are nothing and whose round trips are all. */
import { WAN, ours, peers } from '../lib/scenario.mjs';

/** @type {import('../lib/scenario.mjs').Scenario} */
export const manySmallLayers = {
  name: 'small-500x10k',
  title: '500 layers × 10 KiB; 40 ms, 1 Gbit/s, 1 MiB window',
  link: WAN,
  idealRoundTrips: 6,
  // skopeo opens a connection per request and takes minutes here.
  rows: [ours('bench-500x10k'), ...peers('bench-500x10k', ['crane', 'regctl', 'oras'])],
  limits: [{ row: 'ours', metric: 'wallMs', factor: 1.1, than: 'fastest peer' }],
};

/** @type {import('../lib/scenario.mjs').Scenario} */
export const oneSmallLayer = {
  name: 'small-1x4m',
  title: 'one layer of 4 MiB; 40 ms, 1 Gbit/s, 1 MiB window',
  link: WAN,
  idealRoundTrips: 6,
  rows: [ours('bench-1x4m'), ...peers('bench-1x4m')],
  limits: [{ row: 'ours', metric: 'wallMs', than: 'fastest peer', plus: 200 }],
};
