import { describe, expect, test } from '@jest/globals';
import { createTransports } from '../../../src/app/transports.ts';
import type { Config } from '../../../src/config/config.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { startRegistry, selfSignedCertificate } from '../../support/registry/index.ts';

async function configOf(registries: Config['registries']): Promise<Config> {
  const config = await resolveConfig({
    inputs: { source: 'oci:x', push: 'false' },
    env: {},
    onSecret: () => undefined,
  });
  return { ...config, registries };
}

describe('what is said of a registry', () => {
  const plain = { insecure: true, plainHttp: false };
  test.each([
    ['its own port', (port: string) => ({ [`127.0.0.1:${port}`]: plain }), true],
    ['another port, for another registry', () => ({ '127.0.0.1:1': plain }), false],
    ['another host', () => ({ 'localhost:1': plain }), false],
    ['nobody', () => ({}), false],
  ])('holds for %s', async (_, registries, works) => {
    await using registry = await startRegistry({ tls: selfSignedCertificate() });
    const [, port = ''] = registry.host.split(':');
    const transport = createTransports(await configOf(registries(port)), {});
    const sent = transport.send({
      method: 'GET',
      url: new URL(`${registry.url}/v2/`),
      headers: { 'user-agent': 'test' },
      registry: registry.host,
    });
    if (works) await expect(sent).resolves.toMatchObject({ status: 200 });
    else await expect(sent).rejects.toMatchObject({ code: 'NETWORK', retryable: false });
    await transport.close();
    registry.assertClean();
  });

  test('holds for other ports of its host, where its token server or storage is', async () => {
    await using registry = await startRegistry({ tls: selfSignedCertificate() });
    const transport = createTransports(await configOf({ '127.0.0.1:1': plain }), {});
    const sent = transport.send({
      method: 'GET',
      url: new URL(`${registry.url}/v2/`),
      headers: { 'user-agent': 'test' },
      registry: '127.0.0.1:1',
    });
    await expect(sent).resolves.toMatchObject({ status: 200 });
    await transport.close();
    registry.assertClean();
  });
});
