#!/usr/bin/env node
import { isActionStep, startAction } from './action/main.ts';

if (isActionStep()) {
  await startAction();
} else {
  const { startCli } = await import('./cli/main.ts');
  await startCli();
}
