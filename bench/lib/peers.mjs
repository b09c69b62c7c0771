/** Who is compared, how each is called, and which version it is. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findTool, runProgram } from '../../__tests__/support/services/index.ts';

const DIST = path.join(import.meta.dirname, '..', '..', 'dist');
const TAG = 'latest';

/**
 * Each as its documentation says, with its own defaults for everything that has an influence on
 * speed: that is what people get.
 * @type {Record<string, { peer: boolean, version: string[], push: (image: string, to: string) => string[] }>}
 */
const TOOLS = {
  ours: {
    peer: false,
    version: ['--version'],
    push: (image, to) => ['--plain-http', '--quiet', `oci:${image}`, to],
  },
  crane: {
    peer: true,
    version: ['version'],
    push: (image, to) => ['push', image, to, '--insecure'],
  },
  regctl: {
    peer: true,
    version: ['version', '--format', '{{.VCSTag}}'],
    push: (image, to) => [
      'image',
      'copy',
      '--host',
      `reg=${to.split('/')[0]},tls=disabled`,
      `ocidir://${image}:${TAG}`,
      to,
    ],
  },
  oras: {
    peer: true,
    version: ['version'],
    push: (image, to) => [
      'cp',
      '--no-tty',
      '--from-oci-layout',
      `${image}:${TAG}`,
      '--to-plain-http',
      to,
    ],
  },
  skopeo: {
    peer: true,
    version: ['--version'],
    push: (image, to) => [
      'copy',
      '--insecure-policy',
      '--dest-tls-verify=false',
      `oci:${image}:${TAG}`,
      `docker://${to}`,
    ],
  },
};

/** The name of every tool that is not ours. */
export const PEERS = Object.keys(TOOLS).filter((name) => TOOLS[name].peer);

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {boolean} peer
 * @property {string} version
 * @property {(image: string, to: string) => { file: string, args: string[] }} command
 * @property {NodeJS.ProcessEnv} env
 * @property {(flag: string) => boolean} knows whether its help lists a flag
 */

/**
 * Finds who is there.
 * @param {string} home an empty folder: nobody's own settings and logins have an influence
 * @returns {Promise<{ contenders: Map<string, Contender>, leftOut: string[] }>}
 */
export async function findContenders(home) {
  const env = await environment(home);
  // A copy: all runs measure the same build, whatever is built meanwhile.
  const dist = path.join(home, 'dist');
  await cp(DIST, dist, { recursive: true });
  const contenders = new Map();
  const leftOut = [];
  for (const [name, tool] of Object.entries(TOOLS)) {
    const start =
      name === 'ours' ? [process.execPath, path.join(dist, 'index.js')] : [findTool(name)];
    if (start[0] === undefined) leftOut.push(name);
    else contenders.set(name, await describe(name, tool, start, env));
  }
  return { contenders, leftOut };
}

async function describe(name, tool, [file, ...first], env) {
  const run = async (args) => {
    const { stdout, stderr } = await runProgram(file, [...first, ...args], { env });
    return stdout + stderr;
  };
  const version = /\d+\.\d+\.\d+[\w.+-]*/.exec(await run(tool.version))?.[0] ?? 'unknown';
  const help = name === 'ours' ? await run(['--help']) : '';
  const command = (image, to) => ({ file, args: [...first, ...tool.push(image, to)] });
  return { name, peer: tool.peer, version, env, command, knows: (flag) => help.includes(flag) };
}

/** Of a shell without any settings; what a workflow sets would turn our command into the action. */
async function environment(home) {
  const docker = path.join(home, '.docker');
  await mkdir(docker, { recursive: true });
  await writeFile(path.join(docker, 'config.json'), '{}');
  return { PATH: process.env.PATH, HOME: home, DOCKER_CONFIG: docker, XDG_RUNTIME_DIR: home };
}
