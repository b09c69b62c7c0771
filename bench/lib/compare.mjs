/**
 * Runs a scenario: all its rows in turn, again and again, each into an empty repository.
 * What is going on is told on standard error.
 */
import { startLink } from './link.mjs';
import { judge } from './limits.mjs';
import { measure } from './measure.mjs';
import { prepareImage } from './images.mjs';
import { idealMs } from './scenario.mjs';
import { median } from './statistics.mjs';

const TAG = 'latest';
/** The registry keeps what is being uploaded and what has been, for a moment both. */
const SPACE_FACTOR = 1.1;

/**
 * @param {import('./scenario.mjs').Scenario} scenario
 * @param {object} options
 * @param {Map<string, import('./peers.mjs').Contender>} options.contenders
 * @param {Awaited<ReturnType<import('./registry.mjs').startRegistry>>} options.registry
 * @param {number} options.runs
 */
export async function compare(scenario, { contenders, registry, runs }) {
  const { rows, skipped } = await ready(scenario, contenders, registry);
  for (const reason of skipped) console.error(`${scenario.name}: left out: ${reason}`);
  const samples = new Map(rows.map((row) => [row, []]));
  const node = [];
  const upstream = { host: '127.0.0.1', port: registry.port };
  const link = await startLink({ ...scenario.link, upstream });
  try {
    for (let run = 1; run <= runs; run += 1) {
      node.push(await measure(process.execPath, ['-e', '0']));
      for (const row of rows) {
        const sample = await runOnce({ scenario, row, link, registry, run });
        console.error(
          `${scenario.name} ${run}/${runs} ${row.id}: ${(sample.wallMs / 1000).toFixed(2)} s`,
        );
        samples.get(row).push(sample);
      }
    }
  } finally {
    await link.stop();
    await registry.wipe();
  }
  return summarize(scenario, { samples, node, skipped });
}

/** The rows that can run here, with their images; and why the others cannot. */
async function ready(scenario, contenders, registry) {
  const rows = [];
  const skipped = [];
  const free = await registry.free();
  for (const row of scenario.rows) {
    const contender = contenders.get(row.tool);
    const unknown = row.flags?.find((flag) => flag.startsWith('--') && !contender?.knows(flag));
    if (contender === undefined) skipped.push(`${row.label}: not installed`);
    else if (unknown !== undefined) skipped.push(`${row.label}: this build has no ${unknown}`);
    else {
      const image = await prepareImage(row.image);
      if (image.bytes * SPACE_FACTOR < free) rows.push({ ...row, contender, image });
      else skipped.push(`${row.label}: the registry's disk is too small`);
    }
  }
  return { rows, skipped };
}

async function runOnce({ scenario, row, link, registry, run }) {
  const { contender, image, flags = [] } = row;
  const repository = `bench/${row.id}-${run}`;
  const push = (host) => {
    const { file, args } = contender.command(image.folder, `${host}/${repository}:${TAG}`);
    return measure(file, [...args, ...flags], { env: contender.env });
  };
  await registry.wipe();
  if (scenario.again) await push(registry.host);
  await link.reset();
  const measured = await push(link.host);
  const { busyMs, cpuMs, ...passed } = await link.counters();
  if (!(await registry.holds(repository, image.digest))) {
    throw new Error(`${row.label} ended well, and yet ${image.name} is not in the registry`);
  }
  const roundTrips = busyMs / scenario.link.rttMs;
  return { ...measured, ...passed, roundTrips, linkCpuMs: cpuMs };
}

function summarize(scenario, { samples, node, skipped }) {
  const rows = {};
  const all = [];
  for (const [row, runs] of samples) {
    const medians = Object.fromEntries(
      Object.keys(runs[0]).map((key) => [key, middle(runs.map((sample) => sample[key]))]),
    );
    rows[row.id] = medians;
    const { id, label, image, contender } = row;
    all.push({
      id,
      label,
      image: image.name,
      bytes: image.bytes,
      peer: contender.peer,
      medians,
      runs,
    });
  }
  const nodeMs = median(node.map(({ wallMs }) => wallMs));
  const ideal = idealMs(scenario, all.find(({ id }) => id === 'ours')?.bytes ?? 0);
  const peers = all.filter(({ peer }) => peer).map(({ id }) => id);
  const measured = { rows, peers, idealMs: ideal, nodeMs };
  const limits = scenario.limits.map((limit) => judge(limit, measured));
  const { name, title, link, idealRoundTrips } = scenario;
  return { name, title, link, idealRoundTrips, idealMs: ideal, nodeMs, rows: all, limits, skipped };
}

/** A figure that some run lacks is not given at all. */
function middle(values) {
  return values.includes(undefined) ? undefined : median(values);
}
