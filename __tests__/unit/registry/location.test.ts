import { describe, expect, test } from '@jest/globals';
import { resolveLocation, withQuery } from '../../../src/registry/location.ts';

const REQUEST = new URL('https://registry.example/v2/app/blobs/uploads/');
const PRIVATE = new URL('https://inside.example:5000/v2/app/blobs/uploads/');

function resolve(hostname: string): Promise<readonly string[]> {
  if (hostname.startsWith('inside')) return Promise.resolve(['10.0.0.1']);
  return Promise.resolve(['93.184.216.34']);
}

function go(location: string | undefined, request = REQUEST): Promise<URL> {
  const origin = new URL(request.origin);
  return resolveLocation(location, request, origin, request.host, resolve);
}

describe('a Location', () => {
  test.each([
    ['/v2/app/blobs/uploads/1', 'https://registry.example/v2/app/blobs/uploads/1'],
    ['1?state=a%2Fb+c', 'https://registry.example/v2/app/blobs/uploads/1?state=a%2Fb+c'],
    ['https://registry.example/u/1', 'https://registry.example/u/1'],
    ['//registry.example/u/1', 'https://registry.example/u/1'],
    ['http://registry.example/u/1', 'https://registry.example/u/1'],
    ['http://registry.example:8080/u/1', 'https://registry.example/u/1'],
    ['https://registry.example:8443/u/1', 'https://registry.example:8443/u/1'],
    ['https://store.example/u/1', 'https://store.example/u/1'],
  ])('%s', async (location, url) => {
    expect((await go(location)).href).toBe(url);
  });

  test.each([
    [undefined, /missing/],
    ['', /missing/],
    ['http://[', /not a URL/],
    ['ftp://registry.example/', /neither http nor https/],
    ['file:///etc/passwd', /neither http nor https/],
    ['https://me:pass@registry.example/', /credentials/],
    ['http://store.example/u', /not encrypted/],
    ['https://10.0.0.1/u', /inside the private network/],
    ['https://127.0.0.1/u', /inside the private network/],
    ['https://localhost/u', /inside the private network/],
    ['https://[::1]/u', /inside the private network/],
    ['https://[::ffff:10.0.0.1]/u', /inside the private network/],
    ['https://169.254.169.254/latest/meta-data', /inside the private network/],
    ['https://inside.example/u', /inside the private network/],
    ['https://2130706433/u', /inside the private network/],
  ])('%s is refused', async (location, why) => {
    await expect(go(location)).rejects.toThrow(why);
    await expect(go(location)).rejects.toMatchObject({ code: 'REGISTRY', retryable: false });
  });

  test('of a private registry may lead to its neighbours', async () => {
    await expect(go('https://inside-store.example/u', PRIVATE)).resolves.toBeInstanceOf(URL);
    await expect(go('https://10.0.0.2/u', PRIVATE)).resolves.toBeInstanceOf(URL);
    await expect(go('https://store.example/u', PRIVATE)).resolves.toBeInstanceOf(URL);
    await expect(go('http://inside.example/u', PRIVATE)).resolves.toMatchObject({
      href: 'https://inside.example:5000/u',
    });
  });

  test('of a registry without TLS may do without it, too', async () => {
    const plain = new URL('http://localhost:5000/v2/app/blobs/uploads/');
    await expect(go('http://localhost:6000/u', plain)).resolves.toMatchObject({
      href: 'http://localhost:6000/u',
    });
  });

  test('that is refused is shown without its secrets', async () => {
    await expect(go('https://me:hidden@registry.example/u?token=hidden')).rejects.toThrow(
      /^(?!.*hidden).*registry\.example\/u\?token=…/,
    );
    await expect(go('ftp://x/::error::\u001b[31m')).rejects.toThrow(/^(?!.*(::|\p{Cc}))/u);
  });
});

describe('query parameters', () => {
  test.each([
    ['https://h/u', { digest: 'sha256:12' }, 'https://h/u?digest=sha256:12'],
    ['https://h/u?', { digest: 'a' }, 'https://h/u?digest=a'],
    ['https://h/u?s=a%2Fb+c%20d&e=', { digest: 'x' }, 'https://h/u?s=a%2Fb+c%20d&e=&digest=x'],
    [
      'https://h/u',
      { mount: 'sha256:1', from: 'a/b c&d' },
      'https://h/u?mount=sha256:1&from=a%2Fb%20c%26d',
    ],
  ])('are added to %s untouched', (url, parameters, result) => {
    expect(withQuery(new URL(url), parameters).href).toBe(result);
  });
});
