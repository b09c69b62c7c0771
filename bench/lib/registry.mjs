/** The registry all push to: distribution 3 on a RAM disk, so that no disk is measured. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startDistribution } from '../../__tests__/support/services/index.ts';

const RAM_DISK = '/dev/shm';

/** Its log would be read by the process that measures, a line for every request. */
const QUIET = { REGISTRY_LOG_LEVEL: 'error', REGISTRY_LOG_ACCESSLOG_DISABLED: 'true' };

/** Starts it; `onRamDisk` is false where the system has none in the usual place. */
export async function startRegistry() {
  const onRamDisk = existsSync(RAM_DISK);
  const prefix = path.join(onRamDisk ? RAM_DISK : tmpdir(), 'idpbuilder-push-bench-');
  const storage = await mkdtemp(prefix);
  // distribution takes settings from its environment, and servers started here get ours.
  Object.assign(process.env, QUIET);
  const service = await startDistribution({ storage });
  const wipe = () => rm(path.join(storage, 'docker'), { recursive: true, force: true });
  return {
    host: service.host,
    port: service.port,
    onRamDisk,
    /** Forgets every repository. */
    wipe,
    /** Bytes that still fit. */
    async free() {
      const { bavail, bsize } = await statfs(storage);
      return bavail * bsize;
    },
    /** Whether that image has arrived: a quick push that pushed nothing must not win. */
    async holds(repository, digest) {
      const url = `${service.url}/v2/${repository}/manifests/${digest}`;
      const accept = 'application/vnd.oci.image.manifest.v1+json';
      const response = await fetch(url, { method: 'HEAD', headers: { accept } });
      return response.status === 200;
    },
    async stop() {
      await service.stop();
      await rm(storage, { recursive: true, force: true });
    },
  };
}
