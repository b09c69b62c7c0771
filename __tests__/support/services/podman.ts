/** podman's API service: the Docker API without Docker, with storage of its own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, startServer } from './process.ts';
import { answers, removeFolder, temporaryFolder } from './service.ts';
import { requireTool } from './tools.ts';

/** A running podman. */
export interface Podman {
  /** For DOCKER_HOST: `unix:///…`. */
  readonly dockerHost: string;
  readonly socketPath: string;
  readonly pid: number;
  readonly log: () => string;
  /** Runs podman itself on the same storage, e.g. `podman('tag', 'a', 'b')`. */
  podman(...args: readonly string[]): Promise<string>;
  /** Loads an archive (docker or OCI) and returns the names it got. */
  load(archive: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts the service on a socket in a temporary folder. */
export async function startPodman(): Promise<Podman> {
  const file = requireTool('podman');
  const folder = await temporaryFolder('podman');
  try {
    const env = await isolate(folder);
    // A path of a socket may have 107 bytes: it stays directly in the folder.
    const socketPath = join(folder, 's');
    const options = storage(folder);
    const args = [...options, 'system', 'service', '--time=0', `unix://${socketPath}`];
    const probe = answers({ socketPath, path: '/_ping' });
    const server = await startServer(file, args, { env, probe });
    const podman = (...more: readonly string[]): Promise<string> =>
      mustRun(file, [...options, ...more], { env });
    return {
      dockerHost: `unix://${socketPath}`,
      socketPath,
      pid: server.pid,
      log: server.log,
      podman,
      async load(archive) {
        const output = await podman('load', '--quiet', '--input', archive);
        return [...output.matchAll(/^Loaded image(?:\(s\))?: (.+)$/gm)].map(
          ([, name]) => name ?? '',
        );
      },
      async stop() {
        await server.stop();
        await removeFolder(folder);
      },
    };
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

/** vfs needs neither overlayfs nor FUSE: it works in a container, too. */
function storage(folder: string): string[] {
  const roots = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
  return [...roots, '--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs'];
}

/** An environment in which podman knows nothing of the machine's own podman, and it not of ours. */
async function isolate(folder: string): Promise<Record<string, string>> {
  const home = join(folder, 'home');
  const configuration = join(home, '.config', 'containers');
  await mkdir(configuration, { recursive: true });
  const policy = { default: [{ type: 'insecureAcceptAnything' }] };
  await writeFile(join(configuration, 'policy.json'), JSON.stringify(policy));
  const containers = join(configuration, 'containers.conf');
  const lines = [
    '[engine]',
    // Locks in shared memory would be one set for every podman of this user.
    'lock_type = "file"',
    'events_logger = "none"',
    `tmp_dir = ${JSON.stringify(join(folder, 'tmp'))}`,
    '',
  ];
  await writeFile(containers, lines.join('\n'));
  return {
    HOME: home,
    CONTAINERS_CONF: containers,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_RUNTIME_DIR: join(folder, 'run'),
    TMPDIR: folder,
  };
}
