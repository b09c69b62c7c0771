#!/usr/bin/env node
/**
 * The images the end-to-end tests push, made on this machine in `images/` of the tools' cache.
 *
 *     node scripts/images.mjs            all but the big ones
 *     node scripts/images.mjs big 1536   one uncompressed layer of 1536 MiB: images/big-1536m
 *     node scripts/images.mjs list       what there is
 *
 * | name | what |
 * | --- | --- |
 * | debian/ | a real Debian 12 as an OCI layout, amd64 and arm64, gzip |
 * | debian-amd64/ | its amd64 half alone |
 * | debian.oci.tar, debian-amd64.oci.tar | both as oci-archive |
 * | debian.docker.tar | the amd64 half as docker-archive, uncompressed |
 * | debian.docker25.tar | the same as Docker 25 and later saves it: with its own layout |
 * | l40/ | 40 layers of 4 MiB |
 * | repeated/, repeated.docker.tar | one layer twice |
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dockerArchive, modernDockerArchive, ociArchive } from './images/archives.mjs';
import { makeDebian } from './images/debian.mjs';
import { makeBig, makeL40, makeRepeated } from './images/synthetic.mjs';
import { cacheFolder } from './services/cache.mjs';
import { NotInstallable } from './services/run.mjs';

const IMAGES = cacheFolder('images');
const at = (name) => join(IMAGES, name);
const DEBIAN_NAME = 'example.test/debian:12';

/** In the order they are made: archives after the layout they are made of. */
const RECIPES = [
  { names: ['l40'], make: ([target]) => makeL40(target) },
  { names: ['repeated'], make: ([target]) => makeRepeated(target) },
  {
    names: ['repeated.docker.tar'],
    from: 'repeated',
    make: ([target]) => dockerArchive(at('repeated'), target, 'example.test/repeated:1'),
  },
  {
    names: ['debian', 'debian-amd64'],
    make: ([both, amd64], work) => makeDebian({ both, amd64, work }),
  },
  {
    names: ['debian.oci.tar'],
    from: 'debian',
    make: ([target]) => ociArchive(at('debian'), target),
  },
  {
    names: ['debian-amd64.oci.tar'],
    from: 'debian-amd64',
    make: ([target]) => ociArchive(at('debian-amd64'), target),
  },
  {
    names: ['debian.docker.tar'],
    from: 'debian-amd64',
    make: ([target]) => dockerArchive(at('debian-amd64'), target, DEBIAN_NAME),
  },
  {
    names: ['debian.docker25.tar'],
    from: 'debian-amd64',
    make: ([target]) => modernDockerArchive(at('debian-amd64'), target, DEBIAN_NAME),
  },
];

/** Makes what is missing in a scratch folder and moves it into place when it is complete. */
async function makeOne({ names, from, make }) {
  if (names.every((name) => existsSync(at(name)))) return true;
  const title = names.join(', ');
  if (from !== undefined && !existsSync(at(from))) {
    console.log(`${title}: skipped, it is made of ${from}`);
    return true;
  }
  const started = Date.now();
  const work = mkdtempSync(join(IMAGES, '.work-'));
  try {
    const targets = names.map((name) => join(work, name));
    await make(targets, work);
    for (const [place, name] of names.entries()) {
      rmSync(at(name), { recursive: true, force: true });
      renameSync(targets[place], at(name));
    }
    console.log(`${title}: made in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return true;
  } catch (error) {
    const skipped = error instanceof NotInstallable;
    console.log(`${title}: ${skipped ? 'skipped' : 'FAILED'}: ${error.message}`);
    return skipped;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function main([command, size]) {
  if (command === 'list') {
    for (const name of readdirSync(IMAGES).filter((entry) => !entry.startsWith('.'))) {
      console.log(at(name));
    }
    return 0;
  }
  if (command === 'big') {
    const mebibytes = Number(size);
    if (!Number.isInteger(mebibytes) || mebibytes < 1) throw new Error('big takes a size in MiB');
    const make = ([target]) => makeBig(target, mebibytes);
    return (await makeOne({ names: [`big-${mebibytes}m`], make })) ? 0 : 1;
  }
  if (command !== undefined) throw new Error('usage: node scripts/images.mjs [list | big MIB]');
  let failed = false;
  for (const recipe of RECIPES) failed = !(await makeOne(recipe)) || failed;
  console.log(`images in ${IMAGES}`);
  return failed ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`images: ${error.message}`);
  process.exitCode = 2;
}
