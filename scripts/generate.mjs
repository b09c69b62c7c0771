// Writes action.yml and the README's tables from the option table in src/config/options.ts.
// With --check it writes nothing and fails with the name of everything that is stale.
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { actionYaml } from './generate/action.mjs';
import { insertPart, readmeParts } from './generate/readme.mjs';

const ACTION = new URL('../action.yml', import.meta.url);
const README = new URL('../README.md', import.meta.url);

async function readIfThere(url) {
  try {
    return await readFile(url, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function formatAs(url, text) {
  const options = await resolveConfig(url);
  return format(text, { ...options, filepath: url.pathname });
}

/** Each generated thing with its name: what is there, and what should be. */
async function collect() {
  const action = { url: ACTION, name: 'action.yml', is: await readIfThere(ACTION) };
  const results = [{ ...action, should: await formatAs(ACTION, actionYaml()) }];
  const readme = await readIfThere(README);
  if (readme === undefined) return { results, missing: [] };
  let should = readme;
  const missing = [];
  for (const [name, part] of Object.entries(readmeParts())) {
    const next = insertPart(should, name, await formatAs(README, part));
    if (next === undefined)
      missing.push(`README.md: <!-- ${name}:start --> … <!-- ${name}:end -->`);
    else if (next !== should)
      results.push({ url: README, name: `README.md: ${name}`, should: next });
    should = next ?? should;
  }
  return { results, missing };
}

const check = process.argv.includes('--check');
const { results, missing } = await collect();
const stale = results.filter(({ is, should }) => is !== should);

for (const marker of missing) console.error(`missing: ${marker}`);
for (const { url, name, should } of stale) {
  if (check) console.error(`stale: ${name} (run: node scripts/generate.mjs)`);
  else {
    await writeFile(url, should);
    console.log(`written: ${name}`);
  }
}
if (check && (stale.length > 0 || missing.length > 0)) process.exitCode = 1;
