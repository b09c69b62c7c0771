import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CompressedLayerCache } from '../../../src/image/options.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import {
  CompressedLayers,
  type CompressedLayersOptions,
} from '../../../src/state/compressed-layers.ts';
import { DAY, digest, START, superJournal } from './cas-support.ts';

const GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
const VERSION = 'gzip zlib 1.3.1 level 6';
const ROOT = process.geteuid?.() === 0;
const onUnix = process.platform === 'win32' ? test.skip : test;

let folder: string;
let file: string;
let problems: string[];
let now: number;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'idpbuilder-test-'));
  file = path.join(folder, 'own', 'layers.db');
  problems = [];
  now = START;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function options(more: Partial<CompressedLayersOptions> = {}): CompressedLayersOptions {
  return { file, now: () => now, onProblem: (message) => problems.push(message), ...more };
}

async function open(more: Partial<CompressedLayersOptions> = {}): Promise<CompressedLayers> {
  const layers = await CompressedLayers.open(options(more));
  if (!layers) throw new Error(`not opened: ${problems.join(' ')}`);
  return layers;
}

function layer(of: string | number): Descriptor {
  return { mediaType: GZIP, digest: digest(`gzip ${of}`), size: 1234 };
}

async function fill(count: number): Promise<void> {
  const layers = await open();
  for (let at = 0; at < count; at += 1) await layers.put(digest(at), VERSION, layer(at));
  layers.close();
}

describe('the memory of compressed layers', () => {
  test('is what the sources of images ask for', async () => {
    const layers: CompressedLayerCache = await open();
    expect(await layers.get(digest('a'), VERSION)).toBeUndefined();
    await layers.put(digest('a'), VERSION, layer('a'));
    expect(await layers.get(digest('a'), VERSION)).toEqual(layer('a'));
    (layers as CompressedLayers).close();
  });

  test('lasts, by layer and compressor', async () => {
    const first = await open();
    await first.put(digest('a'), VERSION, layer('a'));
    await first.put(digest('a'), 'zstd 1.5.7', layer('zstd a'));
    await first.put(digest('b'), VERSION, { ...layer('b'), annotations: { 'left.out': 'yes' } });
    await first.put(digest('b'), VERSION, { ...layer('b again'), size: 5 });
    first.close();
    const second = await open();
    expect(await second.get(digest('a'), VERSION)).toEqual(layer('a'));
    expect(await second.get(digest('a'), 'zstd 1.5.7')).toEqual(layer('zstd a'));
    expect(await second.get(digest('b'), VERSION)).toEqual({ ...layer('b again'), size: 5 });
    expect(await second.get(digest('b'), 'zstd 1.5.7')).toBeUndefined();
    expect(await second.get(digest('c'), VERSION)).toBeUndefined();
    second.close();
    expect(problems).toEqual([]);
  });

  test('takes digests of any registered algorithm, and nothing that is no descriptor', async () => {
    const layers = await open();
    const long = `sha512:${'ab'.repeat(64)}` as Digest;
    await layers.put(long, VERSION, { ...layer('a'), digest: long });
    expect(await layers.get(long, VERSION)).toEqual({ ...layer('a'), digest: long });
    await layers.put(digest('a'), VERSION, { ...layer('a'), size: 1.5 });
    await layers.put(digest('a'), VERSION, { ...layer('a'), mediaType: 'no\nmedia/type' });
    await layers.put(digest('a'), VERSION, { ...layer('a'), digest: 'sha256:0' as Digest });
    await layers.put(digest('a'), 'v'.repeat(100_000), layer('a'));
    expect(await layers.get(digest('a'), VERSION)).toBeUndefined();
    expect(await layers.get(digest('a'), 'v'.repeat(100_000))).toBeUndefined();
    expect(problems).toEqual([]);
    layers.close();
  });

  test('keeps what was used last', async () => {
    const layers = await open({ maxEntries: 100 });
    for (let at = 0; at < 100; at += 1) {
      now += 1000;
      await layers.put(digest(at), VERSION, layer(at));
    }
    now += 2 * DAY;
    expect(await layers.get(digest(0), VERSION)).toEqual(layer(0));
    await layers.put(digest(100), VERSION, layer(100));
    const kept = await Promise.all(
      Array.from(
        { length: 101 },
        async (_, at) => (await layers.get(digest(at), VERSION)) !== undefined,
      ),
    );
    expect(kept.filter(Boolean)).toHaveLength(95);
    expect([kept[0], kept[1], kept[6], kept[7], kept[100]]).toEqual([
      true,
      false,
      false,
      true,
      true,
    ]);
    layers.close();
  });

  test('is not written by who only reads it, for a day', async () => {
    await fill(10);
    const bytes = readFileSync(file);
    const read = async () => {
      const layers = await open();
      for (let at = 0; at < 10; at += 1)
        expect(await layers.get(digest(at), VERSION)).toBeDefined();
      layers.close();
      return readFileSync(file).equals(bytes);
    };
    now += DAY / 2;
    expect(await read()).toBe(true);
    now += DAY;
    expect(await read()).toBe(false);
  });

  test('knows nothing when it is closed, and does not mind', async () => {
    const layers = await open();
    await layers.put(digest('a'), VERSION, layer('a'));
    layers.close();
    layers.close();
    await layers.put(digest('b'), VERSION, layer('b'));
    expect(await layers.get(digest('a'), VERSION)).toBeUndefined();
    expect(problems).toEqual([]);
  });
});

describe('only this user’s own file is believed', () => {
  const refused = async (why: RegExp) => {
    expect(await CompressedLayers.open(options())).toBeUndefined();
    expect(problems).toEqual([expect.stringMatching(why)]);
    expect(existsSync(file)).toBe(true);
  };

  onUnix('it is made for this user alone', async () => {
    await fill(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
  });

  onUnix('it may be read by others, and not be written', async () => {
    await fill(1);
    chmodSync(file, 0o644);
    chmodSync(path.dirname(file), 0o755);
    const layers = await open();
    expect(await layers.get(digest(0), VERSION)).toEqual(layer(0));
    layers.close();
    chmodSync(file, 0o664);
    await refused(
      /cannot be used \(other users may write the file; chmod go-w helps\): compressed layers are not remembered\.$/,
    );
    problems = [];
    chmodSync(file, 0o602);
    await refused(/cannot be used \(other users may write the file/);
  });

  onUnix('nor may its folder, where a journal could be put beside it', async () => {
    await fill(1);
    chmodSync(path.dirname(file), 0o777);
    await refused(/cannot be used \(other users may write its folder; chmod go-w helps\)/);
  });

  (ROOT ? test : test.skip)('it must not be somebody else’s (as root only)', async () => {
    await fill(1);
    chownSync(file, 12_345, 12_345);
    await refused(/cannot be used \(the file belongs to another user\)/);
    problems = [];
    chownSync(file, 0, 0);
    chownSync(path.dirname(file), 12_345, 12_345);
    await refused(/cannot be used \(its folder belongs to another user\)/);
  });

  onUnix('a link to another file is not followed', async () => {
    await fill(1);
    const other = path.join(folder, 'other.db');
    writeFileSync(other, readFileSync(file), { mode: 0o666 });
    rmSync(file);
    symlinkSync(other, file);
    const layers = await open();
    expect(await layers.get(digest(0), VERSION)).toBeUndefined();
    expect(problems).toEqual([
      expect.stringMatching(/is not a plain file: a new one was begun\.$/),
    ]);
    layers.close();
  });

  /** Leaves a journal: a transaction that has already written into the file, and was killed. */
  async function killWithin(): Promise<void> {
    const script = `
      const database = new (require('node:sqlite').DatabaseSync)(process.argv[1]);
      database.exec('PRAGMA cache_size = 1; BEGIN IMMEDIATE; DELETE FROM layer');
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, ['--no-warnings', '-e', script, file]);
    await once(child, 'close');
    expect(readdirSync(path.dirname(file))).toContain('layers.db-journal');
  }

  test('its journal is played back: nothing is lost with a process that was killed', async () => {
    await fill(500);
    await killWithin();
    const layers = await open();
    expect(await layers.get(digest(0), VERSION)).toEqual(layer(0));
    expect(await layers.get(digest(499), VERSION)).toEqual(layer(499));
    layers.close();
    expect(problems).toEqual([]);
    expect(readdirSync(path.dirname(file))).toEqual(['layers.db']);
  });

  onUnix('a journal that others may write is not', async () => {
    await fill(500);
    await killWithin();
    chmodSync(`${file}-journal`, 0o622);
    await refused(/cannot be used \(other users may write its journal; chmod go-w helps\)/);
    problems = [];
    if (!ROOT) return;
    chmodSync(`${file}-journal`, 0o600);
    chownSync(`${file}-journal`, 12_345, 12_345);
    await refused(/cannot be used \(its journal belongs to another user\)/);
  });

  onUnix('a journal that is a link is not followed', async () => {
    await fill(500);
    await killWithin();
    const [precious, elsewhere] = [path.join(folder, 'precious'), path.join(folder, 'journal')];
    writeFileSync(precious, 'precious');
    writeFileSync(elsewhere, superJournal(file, precious));
    rmSync(`${file}-journal`);
    symlinkSync(elsewhere, `${file}-journal`);
    const layers = await open();
    expect(await layers.get(digest(0), VERSION)).toBeUndefined();
    layers.close();
    expect(problems).toEqual([
      expect.stringMatching(/has a journal that is not a plain file: a new one was begun\.$/),
    ]);
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(existsSync(elsewhere)).toBe(true);
  });

  test('where no file can be made, there is none', async () => {
    writeFileSync(path.join(folder, 'own'), 'a file in the place of the folder');
    expect(await CompressedLayers.open(options())).toBeUndefined();
    expect(problems).toEqual([expect.stringMatching(/cannot be used \(E(EXIST|NOTDIR)\)/)]);
  });

  test('a record in its place is replaced', async () => {
    mkdirSync(path.dirname(file), { mode: 0o700 });
    const { CasIndex } = await import('../../../src/state/cas-index.ts');
    const limits = { maxBytes: 1_000_000, maxEntries: 10 };
    (await CasIndex.open({ ...options(), ...limits }))?.close();
    (await open()).close();
    expect(problems).toEqual([
      expect.stringMatching(/is not a memory of compressed layers of ours: a new one was begun\.$/),
    ]);
  });
});

describe('a damaged memory', () => {
  test('never says anything wrong, whichever byte is another one', async () => {
    await fill(40);
    const whole = readFileSync(file);
    let forgotten = 0;
    for (let round = 0; round < 200; round += 1) {
      const bytes = Buffer.from(whole);
      const at = (round * 7919 + 101) % bytes.length;
      bytes[at] = bytes.readUInt8(at) ^ (1 + (round % 255));
      writeFileSync(file, bytes);
      problems = [];
      const layers = await open();
      for (let number = 0; number < 40; number += 1) {
        const found = await layers.get(digest(number), VERSION);
        if (found) expect(found).toEqual(layer(number));
        else forgotten += 1;
      }
      layers.close();
      expect(problems.length).toBeLessThanOrEqual(1);
    }
    expect(forgotten).toBeGreaterThan(0);
  });

  test('drops a row that was changed', async () => {
    await fill(3);
    const database = new DatabaseSync(file);
    database.exec(`UPDATE layer SET size = size + 1 WHERE diff_id = '${digest(0)}';
      UPDATE layer SET size = 9223372036854775807 WHERE diff_id = '${digest(1)}'`);
    database.close();
    const layers = await open();
    expect(await layers.get(digest(0), VERSION)).toBeUndefined();
    expect(await layers.get(digest(1), VERSION)).toBeUndefined();
    expect(await layers.get(digest(2), VERSION)).toEqual(layer(2));
    await layers.put(digest(0), VERSION, layer(0));
    expect(await layers.get(digest(0), VERSION)).toEqual(layer(0));
    layers.close();
    expect(problems).toEqual([]);
  });

  test('is begun anew, and says so', async () => {
    await fill(3);
    writeFileSync(file, 'damaged');
    const layers = await open();
    expect(problems).toEqual([
      `${file} is not a memory of compressed layers of ours: a new one was begun.`,
    ]);
    await layers.put(digest(0), VERSION, layer(0));
    expect(await layers.get(digest(0), VERSION)).toEqual(layer(0));
    layers.close();
  });
});
