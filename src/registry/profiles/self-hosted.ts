import { fact, type RegistryProfile } from './profile.ts';

type Headers = Readonly<Record<string, string>>;

function challenge(headers: Headers): string {
  return headers['www-authenticate'] ?? '';
}

/** Registries that run under any name: they are known by how they answer. */
export const HARBOR: RegistryProfile = {
  name: 'harbor',
  title: 'Harbor',
  answers: (headers) =>
    /service="harbor-registry"/.test(challenge(headers)) ||
    (headers['set-cookie'] ?? '').includes('_gorilla_csrf') ||
    'x-harbor-csrf-token' in headers,
  singlePost: fact(false, 'goharbor/harbor builds on distribution 2.8: 202'),
  sessions: fact('never', 'distribution 2.8.2, run: a broken chunk cannot be continued (404)'),
  referrers: fact(true, 'goharbor/harbor source'),
};

export const GITLAB: RegistryProfile = {
  name: 'gitlab',
  title: 'GitLab',
  hosts: [/^registry\.gitlab\.com$/],
  answers: (headers) =>
    'gitlab-container-registry-version' in headers ||
    /service="container_registry"/.test(challenge(headers)),
  singlePost: fact(false, 'a fork of distribution'),
  mount: fact(true, 'with from; manifest-tool#53 saw 401, which is answered by uploading'),
};

export const GITEA: RegistryProfile = {
  name: 'gitea',
  title: 'Gitea or Forgejo',
  answers: (headers) =>
    /\/v2\/token/.test(challenge(headers)) &&
    /service="container_registry"/.test(challenge(headers)),
  singlePost: fact(true, 'Gitea 1.23.8, run: 201'),
  mount: fact(true, 'Gitea 1.23.8, run: 201, also without from'),
  sessions: fact('between-chunks', 'Gitea 1.23.8, run: continues at chunk borders, also restarted'),
  sessionOffset: fact('one-too-many', 'Gitea 1.23.8, run: GET says 0-5 for five bytes'),
  ociTag: fact(false, 'Gitea 1.23.8, run'),
  referrers: fact(false, 'Gitea 1.23.8, run: 404'),
};

export const ZOT: RegistryProfile = {
  name: 'zot',
  title: 'zot',
  answers: (headers) => /\bzot\b/i.test(headers['server'] ?? ''),
  singlePost: fact(true, 'zot 2.1.20, run: 201'),
  mount: fact(true, 'zot 2.1.20, run: 201, also without from'),
  sessions: fact('never', 'zot 2.1.20, source: an error during PATCH deletes the upload'),
  ociTag: fact(true, 'zot 2.1.20, run'),
  referrers: fact(true, 'zot 2.1.20, run'),
};

export const ARTIFACTORY: RegistryProfile = {
  name: 'artifactory',
  title: 'Artifactory',
  hosts: [/\.jfrog\.io$/],
  answers: (headers) =>
    'x-artifactory-id' in headers || /artifactory/i.test(headers['server'] ?? ''),
  mount: fact(false, 'moby#22531: always 202'),
  referrers: fact(true, 'rules_img, registry table'),
};
