import { describe, expect, jest, test } from '@jest/globals';
import {
  isLoopbackHost,
  isPrivateAddress,
  leadsInside,
  systemResolve,
} from '../../../src/http/addresses.ts';

describe('addresses of a private network', () => {
  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '::',
    '::1',
    '[::1]',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '[::ffff:7f00:1]',
    '[::ffff:a9fe:a9fe]',
  ])('%s', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  test.each([
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '::2',
    'localhost',
    'example.com',
    '',
    '10.0.0',
  ])('not %j', (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });

  test.each(['http://127.1', 'http://2130706433', 'http://0x7f.1', 'http://[::ffff:127.0.0.1]'])(
    'however %s is written',
    (url) => {
      expect(isPrivateAddress(new URL(url).hostname)).toBe(true);
    },
  );
});

describe('this machine', () => {
  test.each(['localhost', 'LOCALHOST', 'a.localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]'])(
    '%s',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );

  test.each(['localhost.example', 'mylocalhost', '128.0.0.1', '::2', '127.0.0.1.example', ''])(
    'not %j',
    (host) => {
      expect(isLoopbackHost(host)).toBe(false);
    },
  );
});

describe('a host leads inside', () => {
  test.each([
    ['10.0.0.1', [], true],
    ['localhost', [], true],
    ['8.8.8.8', ['10.0.0.1'], false],
    ['inside.example', ['10.0.0.1'], true],
    ['both.example', ['93.184.216.34', '192.168.0.1'], true],
    ['outside.example', ['93.184.216.34', '2606:4700::1'], false],
    ['nothing.example', [], false],
  ])('%s (%j): %p', async (host, addresses, inside) => {
    await expect(leadsInside(host, () => Promise.resolve(addresses))).resolves.toBe(inside);
  });

  test('not when its name is unknown', async () => {
    const unknown = (): Promise<readonly string[]> => Promise.reject(new Error('ENOTFOUND'));
    await expect(leadsInside('unknown.example', unknown)).resolves.toBe(false);
  });

  test('is not asked of DNS for addresses', async () => {
    const resolve = jest.fn(() => Promise.resolve([]));
    await leadsInside('[2606:4700::1]', resolve);
    await leadsInside('127.0.0.1', resolve);
    expect(resolve).not.toHaveBeenCalled();
  });

  test('is asked of the operating system otherwise', async () => {
    await expect(systemResolve('127.0.0.1')).resolves.toEqual(['127.0.0.1']);
    await expect(systemResolve('[::1]')).resolves.toEqual(['::1']);
  });
});
