import { lstat, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeResumeFile } from '../../../src/state/resume-file.ts';
import { resumeFileName } from '../../../src/state/resume-name.ts';
import { createWorkspace, type Workspace } from '../../support/images/workspace.ts';
import { blob, NAME, openLedger, PLACE, stateIn, stateOf } from './resume-support.ts';

const ONE = blob('one', 1000);

describe('links that somebody has put there', () => {
  const onUnix = process.platform === 'win32' ? test.skip : test;
  let space: Workspace;
  let folder: string;
  let file: string;
  let elsewhere: string;
  beforeEach(async () => {
    space = await createWorkspace();
    folder = space.path('home/state/resume');
    file = `${folder}/${resumeFileName(NAME)}`;
    elsewhere = space.path('elsewhere');
    await mkdir(elsewhere);
  });
  afterEach(() => space.close());

  onUnix.each(['', '/'])('as the folder of the states are not followed', async (slash) => {
    await mkdir(space.path('home/state'), { recursive: true });
    await symlink(elsewhere, folder);
    const { ledger, warnings } = await openLedger(`${folder}${slash}`);
    expect(ledger).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('it is a link')]);
    expect(warnings[0]).toContain(folder);
    expect(await readdir(elsewhere)).toEqual([]);
  });

  onUnix('above it are the user’s own', async () => {
    await mkdir(space.path('home'), { recursive: true });
    await symlink(elsewhere, space.path('home/state'));
    const { ledger } = await openLedger(folder);
    ledger?.blobArrived(PLACE, ONE);
    await ledger?.close(false);
    const state = await stateIn(`${elsewhere}/resume`);
    expect(Object.keys(state!.Places[0]!.UploadedLayers)).toEqual([ONE.digest]);
  });

  onUnix('as a state are not read, and replaced', async () => {
    await mkdir(folder, { recursive: true });
    const other = `${elsewhere}/other.json`;
    const theirs = stateOf();
    await writeResumeFile(other, theirs);
    await symlink(other, file);
    const { ledger, notes } = await openLedger(folder);
    expect(ledger?.found).toBeUndefined();
    expect(notes).toEqual([expect.stringContaining('ELOOP')]);
    ledger?.blobArrived(PLACE, ONE);
    await ledger?.close(false);
    expect((await lstat(file)).isFile()).toBe(true);
    expect(JSON.parse(await readFile(other, 'utf8'))).toEqual(theirs);
  });

  onUnix('as its lock are not followed', async () => {
    await mkdir(folder, { recursive: true });
    await symlink(`${elsewhere}/victim`, `${file}.lock`);
    const { ledger, warnings } = await openLedger(folder);
    expect(ledger).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('is not a lock file')]);
    expect(await readdir(elsewhere)).toEqual([]);
  });
});
