/** Everything that judges the code without running it: rules, imports, format, generated text. */
import { bin, ROOT, run } from './run.mjs';

const checks = [
  ['rules', [bin('oxlint/bin/oxlint'), '--deny-warnings']],
  ['imports', [bin('dependency-cruiser/bin/dependency-cruiser.mjs'), 'src']],
  ['format', [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  ['generated text', ['scripts/generate.mjs', '--check']],
];

const failed = [];
for (const [name, args] of checks) {
  if ((await run('node', args, { cwd: ROOT })) !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`lint failed: ${failed.join(', ')}`);
  process.exit(1);
}
console.log(`lint passed: ${checks.map(([name]) => name).join(', ')}`);
