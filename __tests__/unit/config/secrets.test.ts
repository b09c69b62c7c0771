import { describe, expect, test } from '@jest/globals';
import { secretForms } from '../../../src/config/secrets.ts';
import { COMPLETE, resolving } from './resolving.ts';

const EVERY_CHARACTER = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

describe('the forms of a secret', () => {
  test('cover what requests, JSON and URLs make of it', () => {
    const password = `x${EVERY_CHARACTER}x`;
    const forms = secretForms(password, 'octo');
    expect(forms).toEqual(
      expect.arrayContaining([
        password,
        base64(password),
        base64(`octo:${password}`),
        base64(`octo:${password}`).replace(/=+$/, ''),
        Buffer.from(`octo:${password}`).toString('base64url'),
        encodeURIComponent(password),
        new URLSearchParams({ password }).toString().slice('password='.length),
        JSON.stringify(password).slice(1, -1),
      ]),
    );
    expect(new Set(forms).size).toBe(forms.length);
  });

  test('cover each line, but not lines that would blank out every log', () => {
    const forms = secretForms('-----BEGIN KEY-----\nabcdefgh\n}\n');
    expect(forms).toEqual(expect.arrayContaining(['-----BEGIN KEY-----', 'abcdefgh']));
    expect(forms).not.toContain('}');
    expect(forms).not.toContain('');
  });

  test.each(['', ' \n '])('nothing is made of %j', (blank) => {
    expect(secretForms(blank, 'octo')).toEqual([]);
  });

  test('half a surrogate pair does no harm', () => {
    expect(secretForms('ab\ud800cd').length).toBeGreaterThan(1);
  });
});

/** What had been announced when resolving ended, however it ended. */
async function announced(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const { resolveConfig } = await import('../../../src/config/resolve.ts');
  const secrets: string[] = [];
  await resolveConfig({ inputs, env, onSecret: (secret) => secrets.push(secret) }).catch(() => 0);
  return secrets;
}

describe('secrets are announced', () => {
  test.each([
    ['password', { password: 'hunter2', username: 'u' }, {}],
    ['github-token', { 'github-token': 'hunter2' }, {}],
    ['environment', {}, { IDPBUILDER_REGISTRY_USER: 'u', IDPBUILDER_REGISTRY_PASSWORD: 'hunter2' }],
    ['URL', { registry: 'https://u:hunter2@ghcr.io' }, {}],
    ['URL of the environment', {}, { IDPBUILDER_REGISTRY_URL: 'u:hunter2@ghcr.io' }],
    ['registry-auth', { 'registry-auth': '- {registry: a, username: u, password: hunter2}' }, {}],
    ['registry-auth, malformed', { 'registry-auth': '- registry: [\n  password: "hunter2"' }, {}],
  ])('of %s, before anything else is judged', async (_, inputs, env) => {
    expect(await announced({ ...COMPLETE, ...inputs, push: 'yes' }, env)).toContain('hunter2');
  });

  test.each([
    ['an option', 'username: u\npassword: hunter2'],
    ['a registry', 'registries: {a: {username: u, password: hunter2}}'],
    ['a block', 'github-token: |\n  hunter2\n'],
    ['a list', 'registry-auth:\n  - {registry: a, username: u, password: hunter2}'],
    ['an unknown option', 'a: &a\n  b: *a\n  password: hunter2'],
    ['malformed YAML', 'tags: [\npassword: hunter2'],
  ])('of %s in a config', async (_, config) => {
    expect(await announced({ ...COMPLETE, config })).toContain('hunter2');
  });

  test('with the user name of their own place', async () => {
    const env = { IDPBUILDER_REGISTRY_USER: 'u2', IDPBUILDER_REGISTRY_PASSWORD: 'p2' };
    const auth = '- {registry: a.io, username: u3, password: p3}';
    const inputs = { ...COMPLETE, username: 'u1', password: 'p1', 'registry-auth': auth };
    const { secrets } = await resolving(inputs, { env });
    const pairs = ['u1:p1', 'u2:p2', 'u3:p3'].map(base64);
    expect(secrets).toEqual(expect.arrayContaining(pairs));
    expect(secrets).not.toContain(base64('u1:p2'));
  });

  test('and never a name', async () => {
    const { secrets } = await resolving({ ...COMPLETE, username: 'octo', password: 'hunter2' });
    expect(secrets).not.toContain('octo');
    expect(secrets).not.toContain('');
  });
});
