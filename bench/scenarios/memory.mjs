/** Peak memory does not follow the size of a layer, nor the number of layers. */
import { LAN, ours, peers } from '../lib/scenario.mjs';

const SMALL = ours('big-64m', { id: '64m', label: 'idpbuilder-push, one layer of 64 MiB' });

/** @type {import('../lib/scenario.mjs').Scenario} */
export const manyLayers = {
  name: 'memory-200x8m',
  title: 'Memory: 200 layers × 8 MiB; 1 ms, 10 Gbit/s, 1 MiB window',
  link: LAN,
  idealRoundTrips: 6,
  heavy: true,
  rows: [
    SMALL,
    ours('bench-200x8m', { label: 'idpbuilder-push, 200 layers × 8 MiB' }),
    ...peers('bench-200x8m', ['crane', 'regctl', 'oras']),
  ],
  limits: [
    { row: 'ours', metric: 'peakRssMiB', plus: 160 },
    { row: 'ours', metric: 'peakRssMiB', than: '64m', plus: 40 },
  ],
};

/** @type {import('../lib/scenario.mjs').Scenario} */
export const oneBigLayer = {
  name: 'memory-4g',
  title: 'Memory: one layer of 4 GiB; 1 ms, 10 Gbit/s, 1 MiB window',
  link: LAN,
  idealRoundTrips: 6,
  heavy: true,
  rows: [
    SMALL,
    ours('big-4096m', { label: 'idpbuilder-push, one layer of 4 GiB' }),
    ...peers('big-4096m', ['crane', 'regctl', 'oras']),
  ],
  limits: [
    { row: 'ours', metric: 'peakRssMiB', plus: 160 },
    { row: 'ours', metric: 'peakRssMiB', than: '64m', plus: 40 },
  ],
};
