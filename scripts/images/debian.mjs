/** A real Debian 12 for two platforms, made from Debian's own packages: no registry, no Docker. */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '../services/cache.mjs';
import { rootPrefix } from '../services/root.mjs';
import { NotInstallable, runOrThrow } from '../services/run.mjs';
import { Layout } from './layout.mjs';
import { EPOCH, tarOf } from './tar.mjs';

const SUITE = 'bookworm';
const PUBLIC_MIRROR = 'http://deb.debian.org/debian';
/** What slim images leave out. */
const EXCLUDED = ['man', 'info', 'locale', 'doc'].map((name) => `/usr/share/${name}/*`);
const CONFIG = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Cmd: ['/bin/sh', '/app/hello.sh'],
  WorkingDir: '/app',
};
const HELLO = '#!/bin/sh\nexec echo "Hello from Debian $(cat /etc/debian_version)"\n';
const APP = [{ name: 'app/hello.sh', content: HELLO }];

/**
 * Makes the root file systems and puts them into layouts.
 * @param {{ both: string, amd64: string, work: string }} folders to write; `work` is scratch space
 */
export async function makeDebian({ both, amd64, work }) {
  if (findOnPath('mmdebstrap') === undefined) throw new NotInstallable('mmdebstrap is not on PATH');
  const roots = { amd64: join(work, 'amd64.tar'), arm64: join(work, 'arm64.tar') };
  await bootstrapAmd64(roots.amd64);
  await extractArm64(roots.arm64);
  await writeLayout(both, roots);
  await writeLayout(amd64, { amd64: roots.amd64 });
}

async function writeLayout(folder, roots) {
  const layout = new Layout(folder);
  const images = [];
  for (const [architecture, file] of Object.entries(roots)) {
    const base = await layout.addLayer(createReadStream(file), 'gzip', `debootstrap ${SUITE}`);
    const hello = await layout.addLayer(tarOf(APP), 'gzip', 'COPY app /app');
    images.push(layout.addImage({ architecture, layers: [base, hello], config: CONFIG }));
  }
  layout.finish(images);
}

/** The whole installation, maintainer scripts included. */
async function bootstrapAmd64(target) {
  const excludes = EXCLUDED.map((path) => `--dpkgopt=path-exclude=${path}`);
  await mmdebstrap(['--variant=minbase', '--architectures=amd64', ...excludes], target);
}

/**
 * Unpacked only: running arm64 maintainer scripts would need an emulator. dpkg's status is put
 * together from the packages, so that scanners find them.
 */
async function extractArm64(target) {
  const hook =
    'mkdir -p "$1"/var/lib/dpkg; for deb in "$1"/var/cache/apt/archives/*.deb; do ' +
    'dpkg-deb -f "$deb"; printf "Status: install ok installed\\n\\n"; ' +
    'done > "$1"/var/lib/dpkg/status; ' +
    'cd "$1"/usr/share && rm -rf man info locale doc';
  const hooks = [`--extract-hook=${hook}`];
  const include = ['--include=?essential', '--include=apt'];
  await mmdebstrap(['--variant=extract', '--architectures=arm64', ...include, ...hooks], target);
}

/** As root where that is possible: name spaces of ordinary users are often switched off. */
async function mmdebstrap(args, target) {
  const prefix = await rootPrefix();
  const mode = prefix === undefined ? 'unshare' : 'root';
  const source = `deb ${debianMirror()} ${SUITE} main`;
  const program = ['env', `SOURCE_DATE_EPOCH=${EPOCH}`, 'mmdebstrap', '--quiet', `--mode=${mode}`];
  const [file, ...rest] = [...(prefix ?? []), ...program, ...args, SUITE, target, source];
  await runOrThrow(file, rest);
}

/** The mirror this machine's own apt uses where it is a Debian, else the public one. */
function debianMirror() {
  const release = readIfThere('/etc/os-release');
  if (!/^ID=debian$/m.test(release)) return PUBLIC_MIRROR;
  const folder = '/etc/apt/sources.list.d';
  const more = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  const text = [...more, '/etc/apt/sources.list'].map(readIfThere).join('\n');
  const found = /^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(https?:\/\/\S+)/m.exec(text);
  return found?.[1] ?? PUBLIC_MIRROR;
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
