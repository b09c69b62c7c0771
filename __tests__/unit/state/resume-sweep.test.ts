import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acquireLock } from '../../../src/state/lock.ts';
import { writeResumeFile } from '../../../src/state/resume-file.ts';
import { sweepResumeFiles } from '../../../src/state/resume-sweep.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';
import { openLedger, stateOf } from './resume-support.ts';

const DAY = 24 * 3_600_000;
let space: Workspace;
let folder: string;
beforeEach(async () => {
  space = await createWorkspace();
  folder = space.path('resume');
  await mkdir(folder);
});
afterEach(() => space.close());

/** Makes a file as old as that; a state unless something else is given. */
async function place(name: string, days: number, content?: string): Promise<void> {
  const file = `${folder}/${name}`;
  if (content === undefined) await writeResumeFile(file, stateOf());
  else await writeFile(file, content);
  const time = (Date.now() - days * DAY) / 1000;
  await utimes(file, time, time);
}

async function left(): Promise<readonly string[]> {
  return (await readdir(folder)).sort();
}

describe('the sweep', () => {
  test('deletes what nobody has touched for a week', async () => {
    await place('old.json', 8);
    await place('new.json', 6);
    await place('dead.json.lock', 8, '');
    await place('live.json.lock', 6, '');
    await place('old.json.0123456789abcdef.tmp', 8, 'part');
    await place('new.json.0123456789abcdef.tmp', 6, 'part');
    await sweepResumeFiles(folder, Date.now());
    expect(await left()).toEqual(['live.json.lock', 'new.json', 'new.json.0123456789abcdef.tmp']);
  });

  test('leaves alone what is not its own', async () => {
    const others: readonly (readonly [string, string])[] = [
      ['package.json', '{"name":"app"}'],
      ['yarn.lock', ''],
      ['other.json.lock', 'text'],
      ['text.0123456789abcdef.tmp', ''],
      ['note.txt', ''],
    ];
    for (const [name, content] of others) await place(name, 30, content);
    await mkdir(`${folder}/folder.json`);
    await sweepResumeFiles(folder, Date.now() + 30 * DAY);
    expect(await left()).toEqual(['folder.json', ...others.map(([name]) => name)].sort());
  });

  test('leaves alone what somebody is working with', async () => {
    await place('old.json', 8);
    const lock = await acquireLock(`${folder}/old.json.lock`);
    await sweepResumeFiles(folder, Date.now() + 30 * DAY);
    expect(await left()).toEqual(['old.json', 'old.json.lock']);
    lock?.release();
    await sweepResumeFiles(folder, Date.now() + 30 * DAY);
    expect(await left()).toEqual([]);
  });

  test('goes on after what it cannot delete, and never throws', async () => {
    await mkdir(`${folder}/a.json.lock`);
    await place('b.json.lock', 8, 'not a lock');
    await place('c.json', 8);
    await sweepResumeFiles(folder, Date.now());
    expect(await left()).toEqual(['a.json.lock', 'b.json.lock']);
    await sweepResumeFiles(`${folder}/none`, Date.now());
    await sweepResumeFiles(`${folder}/b.json.lock`, Date.now());
  });

  test('comes with every ledger, and is over when it is closed', async () => {
    await place('old.json', 8);
    const { ledger } = await openLedger(folder);
    await ledger!.close(true);
    expect(await left()).toEqual([]);
  });
});
