/** 40 layers of 4 MiB: what parallel uploads are for. */
import { LAN, WAN, ours, oursSerial, peers } from '../lib/scenario.mjs';

const IMAGE = 'l40';

/** @type {import('../lib/scenario.mjs').Scenario} */
export const wan = {
  name: 'forty-wan',
  title: '40 layers × 4 MiB; 40 ms, 1 Gbit/s, 1 MiB window',
  link: WAN,
  idealRoundTrips: 6,
  rows: [ours(IMAGE), oursSerial(IMAGE), ...peers(IMAGE)],
  limits: [
    { row: 'ours', metric: 'wallMs', factor: 1 / 1.75, than: 'fastest peer' },
    { row: 'ours', metric: 'wallMs', factor: 1.25, than: 'ideal', plusNode: true },
    { row: 'ours', metric: 'wallMs', factor: 1 / 3, than: 'ours-1' },
  ],
};

/** @type {import('../lib/scenario.mjs').Scenario} */
export const lan = {
  name: 'forty-lan',
  title: '40 layers × 4 MiB; 1 ms, 10 Gbit/s, 1 MiB window',
  link: LAN,
  idealRoundTrips: 6,
  rows: [ours(IMAGE), ...peers(IMAGE)],
  limits: [{ row: 'ours', metric: 'wallMs', factor: 1.7, than: 'crane' }],
};

/** @type {import('../lib/scenario.mjs').Scenario} */
export const again = {
  name: 'forty-again',
  title: 'the same image again; 40 ms, 1 Gbit/s, 1 MiB window',
  link: WAN,
  idealRoundTrips: 3,
  again: true,
  rows: [ours(IMAGE), ...peers(IMAGE)],
  limits: [
    // The registry's own time is in it, too: less than half a round trip.
    { row: 'ours', metric: 'roundTrips', plus: 3.5 },
    { row: 'ours', metric: 'wallMs', than: 'fastest peer', plus: 180 },
  ],
};
