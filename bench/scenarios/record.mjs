/**
 * The record of what is where, with 100,000 blobs in it: SQLite against a file of JSON lines, which
 * is read at once, held in memory and appended to. Each run is a process of its own, as a push is.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mustRun } from '../../__tests__/support/services/index.ts';
import { CasIndex } from '../../src/state/cas-index.ts';
import { median } from '../lib/statistics.mjs';

const ENTRIES = 100_000;
/** Blobs of a push: each is looked up, and then as many new ones are saved. */
const PUSHED = 200;
const REGISTRY = 'registry.example.com:5000';
const START = 1_790_000_000_000;
const MIB = 1024 * 1024;
const LIMIT_MS = 50;
const LIMIT_MIB = 16;

const digest = (of) => `sha256:${createHash('sha256').update(String(of)).digest('hex')}`;
const repository = (at) => `some-organisation/some-product/service-${at % 300}`;

/** Three blobs of four are in one place, most of the others in two, and some in four. */
function* entries() {
  for (let at = 0; at < ENTRIES; at += 1) {
    const places = at % 20 < 15 ? 1 : at % 20 < 19 ? 2 : 4;
    const size = (at * 7919) % 90_000_000;
    for (let place = 0; place < places; place += 1) {
      yield { at, repository: repository(at + 31 * place), blob: { digest: digest(at), size } };
    }
  }
}

/** What the record would be without a database. */
class JsonLines {
  #file;
  #limit;
  #blobs = new Map();
  #added = [];

  constructor(file, limit) {
    this.#file = file;
    this.#limit = limit;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line !== '') this.#add(JSON.parse(line));
    }
  }

  #add([digest, repository, size, used]) {
    const places = this.#blobs.get(digest);
    if (places) places.set(repository, { size, used });
    else this.#blobs.set(digest, new Map([[repository, { size, used }]]));
  }

  has(_, repository, digest) {
    return this.#blobs.get(digest)?.has(repository) ?? false;
  }

  repositoriesWith(_, digest) {
    const places = [...(this.#blobs.get(digest) ?? [])];
    return places
      .toSorted((left, right) => right[1].used - left[1].used)
      .map(([repository]) => repository);
  }

  seen(_, repository, { digest, size }) {
    const entry = [digest, repository, size, START / 1000];
    this.#add(entry);
    this.#added.push(entry);
  }

  close() {
    if (this.#blobs.size <= this.#limit) appendFileSync(this.#file, linesOf(this.#added));
    else this.#rewrite();
  }

  #rewrite() {
    const used = (places) => Math.max(...places.values().map((place) => place.used));
    const kept = [...this.#blobs]
      .map(([digest, places]) => ({ digest, places, used: used(places) }))
      .toSorted((left, right) => right.used - left.used)
      .slice(0, this.#limit * 0.99);
    const entries = kept.flatMap(({ digest, places }) =>
      Array.from(places, ([repository, { size, used }]) => [digest, repository, size, used]),
    );
    writeFileSync(`${this.#file}.new`, linesOf(entries));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function linesOf(entries) {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

async function openSqlite(file, maxEntries) {
  const onProblem = (message) => {
    throw new Error(message);
  };
  return CasIndex.open({ file, maxBytes: 64 * MIB, maxEntries, now: () => START, onProblem });
}

const OPEN = { sqlite: openSqlite, lines: async (file, limit) => new JsonLines(file, limit) };

/** Writes the same record in both forms. */
async function write(files) {
  const lines = [];
  let now = START - 1000 * ENTRIES;
  const index = await CasIndex.open({
    file: files.sqlite,
    maxBytes: 64 * MIB,
    maxEntries: ENTRIES,
    now: () => now,
    onProblem: (message) => console.error(message),
  });
  for (const { at, repository, blob } of entries()) {
    now = START - 1000 * (ENTRIES - at);
    index.seen(REGISTRY, repository, blob);
    lines.push([blob.digest, repository, blob.size, now / 1000]);
  }
  if (index.size.entries !== ENTRIES) throw new Error('the record was not filled');
  index.close();
  writeFileSync(files.lines, linesOf(lines));
}

/** One push: opens, looks up, saves. Milliseconds, and how much memory it took. */
async function push(form, file, limit) {
  const blobs = Array.from({ length: PUSHED }, (_, at) => 20 * at + 19);
  const known = blobs.map((at) => ({ digest: digest(at), repository: repository(at) }));
  const fresh = blobs.map((at) => ({ digest: digest(`new ${at}`), size: at }));
  const rssBefore = process.memoryUsage.rss();
  const started = performance.now();
  const record = await OPEN[form](file, limit);
  const opened = performance.now();
  let found = 0;
  for (const { digest, repository } of known) {
    if (record.has(REGISTRY, repository, digest)) found += 1;
    found += record.repositoriesWith(REGISTRY, digest).length;
  }
  const looked = performance.now();
  for (const blob of fresh) record.seen(REGISTRY, 'some-organisation/new', blob);
  record.close();
  const saved = performance.now();
  if (found !== 5 * PUSHED) throw new Error(`${form}: ${found} of ${5 * PUSHED} were found`);
  return {
    openMs: opened - started,
    lookUpMs: looked - opened,
    saveMs: saved - looked,
    rssMiB: (process.memoryUsage.rss() - rssBefore) / MIB,
  };
}

/** In a process of its own, with a copy of the file. */
async function measurePush(form, source, limit) {
  const file = `${source}.copy`;
  await copyFile(source, file);
  const args = ['--no-warnings', import.meta.filename, form, file, String(limit)];
  return JSON.parse(await mustRun(process.execPath, args));
}

async function measureForm(form, file) {
  const { saveMs, ...plain } = await measurePush(form, file, 10 * ENTRIES);
  const full = await measurePush(form, file, ENTRIES);
  const allMs = plain.openMs + plain.lookUpMs + saveMs;
  return { ...plain, saveMs, saveFullMs: full.saveMs, allMs };
}

/** Measures both forms in turn, so that a change in the machine's speed hits both. */
export async function benchRecord(runs = 9) {
  const folder = await mkdtemp(path.join(tmpdir(), 'idpbuilder-push-bench-'));
  const files = {
    sqlite: path.join(folder, 'record.db'),
    lines: path.join(folder, 'record.jsonl'),
  };
  try {
    await write(files);
    const forms = {};
    const samples = { sqlite: [], lines: [] };
    for (let run = 0; run <= runs; run += 1) {
      for (const [form, file] of Object.entries(files)) {
        const sample = await measureForm(form, file);
        if (run > 0) samples[form].push(sample); // the first warms the system's caches
      }
    }
    for (const [form, file] of Object.entries(files)) {
      const names = Object.keys(samples[form][0]);
      const middle = (name) => median(samples[form].map((sample) => sample[name]));
      forms[form] = Object.fromEntries(names.map((name) => [name, middle(name)]));
      forms[form].fileMiB = (await stat(file)).size / MIB;
    }
    return { runs, entries: ENTRIES, forms, samples };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const ROWS = [
  ['openMs', 'open, ms', LIMIT_MS],
  ['lookUpMs', `look up ${PUSHED} blobs, here and elsewhere, ms`, LIMIT_MS],
  ['saveMs', `save ${PUSHED} new blobs and close, ms`, LIMIT_MS],
  ['saveFullMs', 'the same where the limit is reached and the oldest go, ms', LIMIT_MS],
  ['allMs', 'open, look up and save, ms'],
  ['fileMiB', 'file, MiB', LIMIT_MIB],
  ['rssMiB', 'memory it takes, MiB'],
];

/** The table, and the limits. */
export function recordText({ entries, forms: { sqlite, lines } }) {
  const cells = ROWS.map(([name, label]) => [
    label,
    sqlite[name].toFixed(1),
    lines[name].toFixed(1),
    (sqlite[name] / lines[name]).toFixed(2),
  ]);
  const head = ['', 'SQLite', 'JSON lines', 'ratio'];
  const verdicts = ROWS.filter(([, , limit]) => limit !== undefined).map(
    ([name, label, limit]) =>
      `- ${sqlite[name] <= limit ? 'ok' : '**missed**'}: ${label}: ${sqlite[name].toFixed(1)} ≤ ${limit}`,
  );
  return [
    `### The record of what is where, ${entries.toLocaleString('en')} blobs`,
    '',
    ...[head, ['---', '--:', '--:', '--:'], ...cells].map((line) => `| ${line.join(' | ')} |`),
    '',
    ...verdicts,
    '',
  ].join('\n');
}

if (import.meta.main) {
  const [form, file, limit] = process.argv.slice(2);
  console.log(JSON.stringify(await push(form, file, Number(limit))));
}
