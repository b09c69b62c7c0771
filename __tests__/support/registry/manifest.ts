/** A descriptor as far as a registry cares. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly urls?: readonly string[];
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A manifest as far as a registry cares: what it points at, and what was wrong with that. */
export interface ParsedManifest {
  readonly mediaType: string | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly config: Descriptor | undefined;
  /** Config, layers and the blobs of an artifact manifest. */
  readonly blobs: readonly Descriptor[];
  readonly manifests: readonly Descriptor[];
  readonly subject: Descriptor | undefined;
  /** One entry for each field that should be a descriptor and is none. */
  readonly malformed: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** Reads a manifest of any kind; undefined when it is no JSON object. */
export function parseManifest(bytes: Buffer): ParsedManifest | undefined {
  const json = parseObject(bytes);
  if (json === undefined) return undefined;
  const malformed: string[] = [];
  const one = (field: string): Descriptor | undefined =>
    json[field] === undefined || json[field] === null
      ? undefined
      : toDescriptor(json[field], field, malformed);
  const many = (field: string): Descriptor[] => {
    const value = json[field];
    if (!Array.isArray(value)) return [];
    return value
      .map((entry: unknown, index) => toDescriptor(entry, `${field}[${index}]`, malformed))
      .filter((entry) => entry !== undefined);
  };
  const config = one('config');
  return {
    mediaType: text(json['mediaType']),
    artifactType: text(json['artifactType']),
    annotations: isObject(json['annotations'])
      ? (json['annotations'] as Record<string, string>)
      : undefined,
    config,
    blobs: [...(config === undefined ? [] : [config]), ...many('layers'), ...many('blobs')],
    manifests: many('manifests'),
    subject: one('subject'),
    malformed,
  };
}

/** Layers that stay where their URLs say are never in the registry. */
export function isForeignLayer(descriptor: Descriptor): boolean {
  return (
    /\.foreign\.|\.nondistributable\./.test(descriptor.mediaType) &&
    (descriptor.urls?.length ?? 0) > 0
  );
}

function toDescriptor(value: unknown, field: string, malformed: string[]): Descriptor | undefined {
  if (
    isObject(value) &&
    typeof value['mediaType'] === 'string' &&
    typeof value['digest'] === 'string' &&
    Number.isSafeInteger(value['size'])
  ) {
    return value as unknown as Descriptor;
  }
  malformed.push(field);
  return undefined;
}

function parseObject(bytes: Buffer): Json | undefined {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
