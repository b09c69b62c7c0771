import { describe, expect, test } from '@jest/globals';
import { checkRealm } from '../../../../src/http/auth/realm.ts';
import { failure } from './support.ts';

const NAMES: Record<string, readonly string[]> = {
  'registry.example': ['93.184.216.34'],
  'auth.example': ['93.184.216.35'],
  'inside.example': ['93.184.216.36', '10.0.0.7'],
  'metadata.example': ['169.254.169.254'],
  'registry.corp': ['10.1.2.3'],
  'auth.corp': ['10.1.2.4'],
};

function resolve(hostname: string): Promise<readonly string[]> {
  const addresses = NAMES[hostname];
  return addresses ? Promise.resolve(addresses) : Promise.reject(new Error('ENOTFOUND'));
}

const check = (realm: string, origin: string) =>
  checkRealm(realm, new URL(origin).host, new URL(origin), resolve);

describe('a realm that is asked', () => {
  test.each([
    ['https://registry.example/token', 'https://registry.example'],
    ['https://registry.example:8443/token', 'https://registry.example'],
    ['https://auth.example/token?a=b', 'https://registry.example'],
    ['https://93.184.216.40/token', 'https://registry.example'],
    // behind a proxy names need not resolve
    ['https://unknown.example/token', 'https://registry.example'],
    ['http://registry.example/token', 'http://registry.example:5000'],
    ['https://auth.example/token', 'http://registry.example:5000'],
    ['http://127.0.0.1:5001/token', 'http://127.0.0.1:5000'],
    ['http://localhost:5001/token', 'http://127.0.0.1:5000'],
    ['https://10.0.0.8/token', 'https://10.0.0.7:5000'],
    ['https://auth.corp/token', 'https://registry.corp'],
    ['https://169.254.1.1/token', 'https://169.254.1.1'],
  ])('%s of %s', async (realm, origin) => {
    expect((await check(realm, origin)).href).toBe(new URL(realm).href);
  });
});

describe('a realm that is not asked', () => {
  test.each([
    ['http://registry.example/token', 'https://registry.example', 'does not use https'],
    ['http://auth.example/token', 'https://registry.example', 'does not use https'],
    ['http://auth.example/token', 'http://registry.example', 'another host'],
    ['http://auth.corp/token', 'http://registry.corp', 'another host'],
    ['https://10.0.0.8/token', 'https://registry.example', 'private address'],
    ['https://127.0.0.1/token', 'https://registry.example', 'private address'],
    ['https://2130706433/token', 'https://registry.example', 'private address'],
    ['https://localhost/token', 'https://registry.example', 'private address'],
    ['https://[::1]/token', 'https://registry.example', 'private address'],
    ['https://[::ffff:10.0.0.1]/token', 'https://registry.example', 'private address'],
    ['https://[fe80::1]/token', 'https://registry.example', 'private address'],
    ['https://169.254.169.254/token', 'https://registry.example', 'private address'],
    ['https://metadata.example/token', 'https://registry.example', 'private address'],
    ['https://inside.example/token', 'https://registry.example', 'private address'],
    ['https://me:secret@auth.example/token', 'https://registry.example', 'carries a user name'],
    ['file:///etc/passwd', 'https://registry.example', 'not an http(s) address'],
    ['/token', 'https://registry.example', 'not an http(s) address'],
    ['', 'https://registry.example', 'not an http(s) address'],
  ])('%s of %s', async (realm, origin, why) => {
    const error = await failure(check(realm, origin));
    expect(error.code).toBe('AUTHENTICATION');
    expect(error.message).toContain(why);
    expect(error.message).not.toContain('secret');
    expect(error.message).not.toContain('\n');
  });
});
