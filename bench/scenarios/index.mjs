/** All scenarios, in the order in which they run and are printed. */
import { again, lan, wan } from './forty-layers.mjs';
import { manyLayers, oneBigLayer } from './memory.mjs';
import { manySmallLayers, oneSmallLayer } from './small.mjs';

export const SCENARIOS = [wan, lan, again, manySmallLayers, oneSmallLayer, manyLayers, oneBigLayer];
