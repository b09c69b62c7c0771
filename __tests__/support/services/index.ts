/** The real components, as the end-to-end tests start them. */
export { runAct, startAct, type ActOptions, type ActResult, type RunningAct } from './act.ts';
export {
  startDistribution,
  startDockerRegistry,
  type DistributionOptions,
  type TokenAuth,
} from './distribution.ts';
export { startGitea, type Gitea, type GiteaOptions } from './gitea.ts';
export { startNginx, type NginxOptions } from './nginx.ts';
export { startOlareg, type OlaregOptions } from './olareg.ts';
export { startPodman, type Podman } from './podman.ts';
export { mustRun, runProgram, startProcess, startServer } from './process.ts';
export {
  removeFolder,
  temporaryFolder,
  type KeyPair,
  type Login,
  type Service,
} from './service.ts';
export { selfSigned, signedByOwnCa, type Certificate } from './tls.ts';
export { startTokenServer, type TokenServer, type TokenServerOptions } from './token-server.ts';
export { findImage, findTool, missing, requireImage, requireTool, toolsRoot } from './tools.ts';
