/** Results as Markdown. */

const MIB = 1024 * 1024;
const HEAD = [
  '',
  'wall s',
  'min–max',
  'ratio',
  'CPU s',
  'peak RSS MiB',
  'requests',
  'connections (at once)',
  'MiB sent',
  'link in use, round trips',
];

/** One scenario: its table, its limits, what was left out. */
export function scenarioText({ title, rows, idealMs, idealRoundTrips, limits, skipped }) {
  const fastest = Math.min(...rows.filter(({ peer }) => peer).map(({ medians }) => medians.wallMs));
  const lines = [HEAD, HEAD.map((_, at) => (at === 0 ? '---' : '--:'))];
  const ideal = `the link itself (bytes / bandwidth + ${idealRoundTrips} round trips)`;
  lines.push([ideal, seconds(idealMs), '', ratio(idealMs, fastest), ...Array(6).fill('')]);
  for (const { label, medians, runs } of rows) lines.push(cells({ label, medians, runs, fastest }));
  return [
    `### ${title}`,
    '',
    ...lines.map((line) => `| ${line.join(' | ')} |`),
    '',
    ...limits.map(({ text, ok }) => `- ${verdict(ok)}: ${text}`),
    ...skipped.map((reason) => `- left out: ${reason}`),
    '',
  ].join('\n');
}

function cells({ label, medians, runs, fastest }) {
  const walls = runs.map(({ wallMs }) => wallMs);
  return [
    label,
    seconds(medians.wallMs),
    `${seconds(Math.min(...walls))}–${seconds(Math.max(...walls))}`,
    ratio(medians.wallMs, fastest),
    medians.cpuMs === undefined ? '' : seconds(medians.cpuMs),
    medians.peakRssMiB === undefined ? '' : medians.peakRssMiB.toFixed(0),
    String(medians.requests),
    `${medians.connections} (${medians.peakConnections})`,
    (medians.bytesUp / MIB).toFixed(1),
    medians.roundTrips.toFixed(1),
  ];
}

/** How long the action takes to its first request. */
export function startText({ nodeMs, firstRequestMs, ratio, limit }) {
  return [
    '### Start of the action',
    '',
    '| | median ms | ratio |',
    '| --- | --: | --: |',
    `| node -e 0 | ${nodeMs.toFixed(1)} | 1.00 |`,
    `| action, to its first request | ${firstRequestMs.toFixed(1)} | ${ratio.toFixed(2)} |`,
    '',
    `- ${verdict(ratio <= limit)}: ${ratio.toFixed(2)} × node -e 0 ≤ ${limit}`,
    '',
  ].join('\n');
}

/** The machine and the versions. */
export function machineText({ date, runs, cpu, memoryGiB, node, ramDisk, versions, leftOut }) {
  const tools = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const disk = ramDisk ? 'on a RAM disk' : 'NOT on a RAM disk';
  return [
    `${date}; medians of ${runs} run${runs === 1 ? '' : 's'}; ${cpu}, ${memoryGiB} GiB; Node ${node}; ${tools.join(', ')}; registry: distribution 3 ${disk}.`,
    ...(leftOut.length > 0 ? [`Not installed here, left out: ${leftOut.join(', ')}.`] : []),
    '',
  ].join('\n');
}

function verdict(ok) {
  if (ok === undefined) return 'not measured';
  return ok ? 'ok' : '**missed**';
}

function seconds(milliseconds) {
  return (milliseconds / 1000).toFixed(2);
}

function ratio(milliseconds, fastest) {
  return Number.isFinite(fastest) ? (milliseconds / fastest).toFixed(2) : '';
}
