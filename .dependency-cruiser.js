// The direction of imports is part of the design: a layer may import itself and the layers before it.
const layers = [
  ['oci'],
  ['util'],
  ['http'],
  ['registry'],
  ['image', 'state', 'scan', 'sign', 'notify', 'telemetry', 'report'],
  ['push'],
  ['config'],
  ['app'],
  ['action', 'cli'],
];

const directionRules = layers.flatMap((group, level) => {
  const above = layers.slice(level + 1).flat();
  return group.map((name) => ({
    name: `${name}-imports-downwards-only`,
    comment: `src/${name} must not know the layers above it`,
    severity: 'error',
    from: { path: `^src/${name}/` },
    to: {
      path: `^src/(${[...above, ...group.filter((other) => other !== name)].join('|') || '-'})/`,
    },
  }));
});

// A heavy package has one importer, so that loading it stays one decision.
const soleImporters = [
  ['undici', '^src/http/undici\\.ts$'],
  ['@actions/', '^src/action/'],
  ['@sigstore/', '^src/sign/'],
  ['@opentelemetry/', '^src/telemetry/otlp\\.ts$'],
  ['tar-stream', '^src/image/'],
  ['zod', '^src/(config|state|report)/'],
  ['yaml', '^src/config/'],
  ['p-limit', '^src/util/limiter\\.ts$'],
].map(([name, importer]) => ({
  name: `one-importer-of-${name.replace(/[@/]/g, '')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: importer },
  to: { path: `^node_modules/${name}` },
}));

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'oci-is-pure',
      comment: 'the vocabulary imports nothing of ours and no package',
      severity: 'error',
      from: { path: '^src/oci/' },
      to: { pathNot: '^src/oci/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'pipeline-knows-ports-only',
      comment: 'push/ sees a plug-in folder through its port file, as types',
      severity: 'error',
      from: { path: '^src/push/' },
      to: {
        path: '^src/(image|state|scan|sign|notify|telemetry|report)/',
        pathNot:
          '^src/(image/source|report/push-report|state/store|scan/scanner|sign/signer|notify/notifier)\\.ts$',
      },
    },
    {
      name: 'child-processes-in-one-file',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/util/run-program\\.ts$' },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'not-to-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: '^node_modules/@types/' },
    },
    ...directionRules,
    ...soleImporters,
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      conditionNames: ['node', 'import', 'types', 'default'],
    },
  },
};
