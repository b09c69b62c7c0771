#!/usr/bin/env node
import { CACHE_TASK, startCacheTask } from './action/cache-task.ts';
import { isActionStep, startAction } from './action/main.ts';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `idpbuilder-push needs Node 24.15 or later; this is ${process.versions.node}.\n`,
  );
  process.exit(1);
}

/** What a finished push may still take to let go of its connections, milliseconds. */
const LINGER_MS = 250;

if (process.argv[2] === CACHE_TASK) {
  await startCacheTask();
} else if (isActionStep()) {
  await startAction();
} else {
  const { startCli } = await import('./cli/main.ts');
  await startCli();
}
// A connection that is still being made cannot be taken back: nobody shall wait 20 s for it.
setTimeout(() => process.exit(), LINGER_MS).unref();
