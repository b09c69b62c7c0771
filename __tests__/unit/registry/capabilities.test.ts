import { describe, expect, test } from '@jest/globals';
import { Capabilities } from '../../../src/registry/capabilities.ts';
import { PROFILES, profileOfAnswer, profileOfHost } from '../../../src/registry/profiles/index.ts';

const MiB = 1024 * 1024;

describe('profiles', () => {
  test.each([
    ['docker.io', 'docker-hub'],
    ['ghcr.io', 'ghcr'],
    ['123456789012.dkr.ecr.eu-central-1.amazonaws.com', 'ecr'],
    ['public.ecr.aws', 'ecr'],
    ['europe-docker.pkg.dev', 'gar'],
    ['eu.gcr.io', 'gar'],
    ['team.azurecr.io', 'acr'],
    ['quay.io', 'quay'],
    ['registry.gitlab.com:443', 'gitlab'],
    ['team.jfrog.io', 'artifactory'],
    ['registry.example.com', undefined],
    ['ghcr.io.evil.example', undefined],
  ])('%s is %s', (host, name) => {
    expect(profileOfHost(host)?.name).toBe(name);
  });

  test.each([
    [
      { 'www-authenticate': 'Bearer realm="https://h/service/token",service="harbor-registry"' },
      'harbor',
    ],
    [
      {
        'www-authenticate':
          'Bearer realm="https://g/v2/token",service="container_registry",scope="*"',
      },
      'gitea',
    ],
    [
      { 'www-authenticate': 'Bearer realm="https://g/jwt/auth",service="container_registry"' },
      'gitlab',
    ],
    [{ 'x-artifactory-id': 'abc' }, 'artifactory'],
    [{ 'docker-distribution-api-version': 'registry/2.0' }, undefined],
  ])('answers give a registry away: %j', (headers, name) => {
    expect(profileOfAnswer(headers as Record<string, string>)?.name).toBe(name);
  });

  test('every fact names its source', () => {
    for (const profile of PROFILES) {
      for (const value of Object.values(profile)) {
        if (typeof value === 'object' && value !== null && 'source' in value) {
          expect(value.source.length).toBeGreaterThan(10);
        }
      }
    }
  });
});

describe('Capabilities', () => {
  test('know nothing of a generic registry, and send blobs whole', () => {
    const capabilities = new Capabilities({ registry: 'registry.example.com' });
    expect(capabilities.profile.name).toBe('generic');
    expect(capabilities.singlePost).toBe('unknown');
    expect(capabilities.chunkSize).toBeUndefined();
  });

  test('learn the profile from an answer, once', () => {
    const capabilities = new Capabilities({ registry: 'git.example.com' });
    const challenge = 'Bearer realm="https://g/v2/token",service="container_registry",scope="*"';
    capabilities.observe({ 'www-authenticate': challenge });
    expect(capabilities.profile.name).toBe('gitea');
    expect(capabilities.singlePost).toBe('yes');
    capabilities.observe({ 'x-artifactory-id': 'abc' });
    expect(capabilities.profile.name).toBe('gitea');
  });

  test('do not argue with a profile that was chosen', () => {
    const capabilities = new Capabilities({ registry: 'git.example.com', profile: 'generic' });
    capabilities.observe({ 'x-artifactory-id': 'abc' });
    expect(capabilities.profile.name).toBe('generic');
  });

  test('send chunks below a body size that was refused', () => {
    const capabilities = new Capabilities({ registry: 'registry.example.com' });
    capabilities.bodyRefused(100 * MiB, 90 * MiB);
    expect(capabilities.chunkSize).toBe(90 * MiB);
  });

  test('keep chunks between the announced minimum and the known maximum', () => {
    const ecr = new Capabilities({ registry: 'public.ecr.aws', chunkSize: MiB });
    expect(ecr.chunkSize).toBe(5 * MiB);
    const large = new Capabilities({ registry: 'public.ecr.aws', chunkSize: 64 * MiB });
    expect(large.chunkSize).toBe(10 * MiB);
    large.minimumAnnounced(12 * MiB);
    expect(large.chunkSize).toBe(12 * MiB);
  });

  test('do not believe in a minimum of terabytes', () => {
    const capabilities = new Capabilities({ registry: 'registry.example.com', chunkSize: MiB });
    capabilities.minimumAnnounced(2 ** 45);
    expect(capabilities.chunkSize).toBe(1024 * MiB);
  });

  test('never chunk where there are no chunks', () => {
    const capabilities = new Capabilities({ registry: 'europe-docker.pkg.dev', chunkSize: MiB });
    expect(capabilities.chunkSize).toBeUndefined();
  });
});
