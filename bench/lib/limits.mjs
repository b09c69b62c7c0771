/** Holds results against a scenario's limits. */

const UNITS = {
  wallMs: { show: (value) => `${(value / 1000).toFixed(2)} s`, name: '' },
  cpuMs: { show: (value) => `${(value / 1000).toFixed(2)} s`, name: 'CPU ' },
  peakRssMiB: { show: (value) => `${value.toFixed(0)} MiB`, name: 'peak RSS ' },
  roundTrips: { show: (value) => `${value.toFixed(1)} round trips`, name: '' },
};

/**
 * @typedef {object} Verdict
 * @property {string} text what was compared with what
 * @property {boolean} [ok] undefined where something it needs was not measured
 * @property {number} [value]
 * @property {number} [bound]
 */

/**
 * @param {import('./scenario.mjs').Limit} limit
 * @param {{ rows: Record<string, object>, peers: string[], idealMs: number, nodeMs: number }} result
 *   medians by row, of which `peers` are others' tools
 * @returns {Verdict}
 */
export function judge(limit, result) {
  const { row, metric, factor = 1, plus = 0, plusNode = false } = limit;
  const { show, name } = UNITS[metric];
  const base = baseOf(limit, result);
  const value = result.rows[row]?.[metric];
  const missing = value === undefined ? row : base === undefined ? limit.than : undefined;
  if (missing !== undefined) return { text: `${name}${row}: ${missing} was not measured` };
  const bound = factor * base.value + plus + (plusNode ? result.nodeMs : 0);
  const terms = [
    ...(limit.than === undefined ? [] : [`${times(factor)}${base.name} (${show(base.value)})`]),
    ...(plus > 0 && limit.than !== undefined ? [show(plus)] : []),
    ...(plusNode ? [`Node's start (${show(result.nodeMs)})`] : []),
  ];
  const sum = terms.length > 0 ? `${terms.join(' + ')} = ` : '';
  const ratio = base.value > 0 ? `; ${(base.value / value).toFixed(2)} × as good` : '';
  const text = `${name}${row} ${show(value)} ≤ ${sum}${show(bound)}${ratio}`;
  return { text, ok: value <= bound, value, bound };
}

function times(factor) {
  if (factor === 1) return '';
  return factor < 1 ? `1/${Number((1 / factor).toFixed(2))} × ` : `${factor} × `;
}

function baseOf({ than, metric }, { rows, peers, idealMs }) {
  if (than === undefined) return { name: '', value: 0 };
  if (than === 'ideal') return { name: 'the link itself', value: idealMs };
  if (than !== 'fastest peer') {
    const value = rows[than]?.[metric];
    return value === undefined ? undefined : { name: than, value };
  }
  const found = peers.flatMap((id) => {
    const value = rows[id]?.[metric];
    return value === undefined ? [] : [{ name: `the fastest peer, ${id}`, value }];
  });
  return found.toSorted((left, right) => left.value - right.value)[0];
}
