export const id = 506;
export const ids = [506];
export const modules = {

/***/ 57506:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openArchive: () => (/* binding */ openArchive)
});

// EXTERNAL MODULE: ./lib/util/errors.js
var errors = __webpack_require__(99661);
// EXTERNAL MODULE: ./lib/oci/manifest.js
var oci_manifest = __webpack_require__(44360);
// EXTERNAL MODULE: ./lib/oci/media-types.js
var media_types = __webpack_require__(50261);
// EXTERNAL MODULE: ./lib/image/content.js + 1 modules
var content = __webpack_require__(48077);
// EXTERNAL MODULE: ./lib/image/json.js
var json = __webpack_require__(57383);
;// CONCATENATED MODULE: ./lib/image/carried-layout.js




/** Layers as Docker's graph drivers give them out: a registry should get them compressed. */
const UNCOMPRESSED = new Set([
    media_types/* MEDIA_TYPES */.Z2.ociLayer,
    'application/vnd.docker.image.rootfs.diff.tar',
]);
const MAX_DEPTH = 8;
/** Looks at each digest once, however often an index names it. */
class Search {
    #layout;
    #config;
    #findings = new Map();
    constructor(layout, config) {
        this.#layout = layout;
        this.#config = config;
    }
    look(descriptor, depth = 0) {
        const known = this.#findings.get(descriptor.digest);
        if (known)
            return known;
        const finding = this.#inspect(descriptor, depth);
        this.#findings.set(descriptor.digest, finding);
        return finding;
    }
    async #inspect(descriptor, depth) {
        const { where, find } = this.#layout;
        const { digest, mediaType } = descriptor;
        if ((0,media_types/* isForeignLayer */.sJ)(mediaType))
            return { ready: true };
        if (depth > MAX_DEPTH || !(await find(digest)))
            return { ready: false };
        if (!(0,media_types/* isManifestType */.Q3)(mediaType))
            return { ready: !UNCOMPRESSED.has(mediaType) };
        const bytes = await (0,content/* readContent */.c)(where, find, descriptor);
        const manifest = (0,json/* inFile */.s5)(`${digest} in ${where}`, () => (0,oci_manifest/* parseManifest */.Ng)(bytes, mediaType));
        const below = [];
        for (const child of (0,oci_manifest/* childrenOf */.LU)(manifest))
            below.push(await this.look(child, depth + 1));
        const ready = below.every((finding) => finding.ready);
        if (manifest.kind === 'manifest' && manifest.config?.digest === this.#config) {
            return { ready, match: { manifest: descriptor, ready } };
        }
        const match = below.find((finding) => finding.match)?.match;
        return { ready, ...(match ? { match } : {}) };
    }
}
/**
 * Looks for an image of a docker archive in the OCI layout that Docker ≥ 25 writes beside it.
 * @param config digest of the image's config, which both have in common
 * @returns undefined when the layout does not have it in a form that can be pushed as it is
 * @throws PushError IMAGE when a manifest is damaged
 */
async function findCarried(layout, config) {
    const search = new Search(layout, config);
    for (const entry of layout.index.manifests) {
        const { ready, match } = await search.look(entry);
        if (match && ready)
            return { root: entry, whole: true };
        if (match?.ready)
            return { root: match.manifest, whole: false };
    }
    return undefined;
}

// EXTERNAL MODULE: ./lib/oci/digest.js
var oci_digest = __webpack_require__(9501);
// EXTERNAL MODULE: ./lib/util/text.js
var util_text = __webpack_require__(28805);
// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(77598);
// EXTERNAL MODULE: ./lib/image/file-range.js
var file_range = __webpack_require__(78051);
;// CONCATENATED MODULE: ./lib/image/magic.js

const MAGIC = [
    ['gzip', [0x1f, 0x8b, 0x08]],
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
    // a skippable frame, with which pzstd and estargz-like zstd:chunked files may begin
    ['zstd', [0x50, 0x2a, 0x4d, 0x18]],
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
    ['bzip2', [0x42, 0x5a, 0x68]],
];
/** Bytes needed to tell. */
const LENGTH = 6;
/** Tells compressed content by its magic bytes. */
function packingOf(start) {
    const found = MAGIC.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
    return found?.[0] ?? 'plain';
}
/**
 * Tells how a file, or what begins at `offset` inside it, is compressed.
 * @throws PushError IMAGE when it cannot be read
 */
async function sniff(file, offset = 0) {
    return packingOf(await (0,file_range/* readStart */.H6)(file, LENGTH, offset));
}

;// CONCATENATED MODULE: ./lib/image/docker-layers.js






async function digestOfRange(range, signal) {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    for await (const chunk of (0,file_range/* readRange */.qX)(range, 0, signal))
        hash.update(chunk);
    return (0,oci_digest/* sha256Digest */.sI)(hash);
}
/**
 * Looks at the layers of an image: compressed ones (ko and crane write them) are hashed, since they
 * are pushed as they are; uncompressed ones are only noted.
 * @throws PushError IMAGE when one is missing or not readable
 */
async function readLayers(tree, image, diffIds, signal) {
    const layers = [];
    // A repeated layer is one stretch of the archive, reached through links.
    const seen = new Map();
    for (const [index, diffId] of diffIds.entries()) {
        const name = image.layers[index] ?? '';
        const descriptor = image.foreign.get(diffId);
        const range = await tree.find(name);
        if (descriptor) {
            layers.push({ kind: 'foreign', descriptor, range });
            continue;
        }
        const label = `layer ${(0,util_text/* printable */.g$)(name)} in ${tree.path}`;
        if (!range)
            throw (0,errors/* imageError */.wL)(`${label} is missing.`, 'Save the image again.');
        const known = seen.get(range.offset);
        const packing = await sniff(range.file, range.offset);
        const layer = packing === 'gzip' || packing === 'zstd'
            ? (known ?? {
                kind: 'compressed',
                packing,
                range,
                digest: await digestOfRange(range, signal),
            })
            : { kind: 'plain', source: range, diffId, label };
        seen.set(range.offset, layer);
        layers.push(layer);
    }
    return layers;
}

// EXTERNAL MODULE: ./lib/oci/descriptor.js
var descriptor = __webpack_require__(11260);
// EXTERNAL MODULE: ./lib/image/locate.js
var locate = __webpack_require__(84455);
// EXTERNAL MODULE: ./lib/image/names.js
var image_names = __webpack_require__(38301);
;// CONCATENATED MODULE: ./lib/image/docker-manifest.js









const MANIFEST_MAX = 16 * 1024 * 1024;
function foreignLayers(sources, what) {
    const foreign = new Map();
    for (const [diffId, value] of Object.entries((0,json/* isObject */.Gv)(sources) ? sources : {})) {
        // Docker ≥ 25 lists every layer here; only those kept elsewhere say something new.
        const mediaType = (0,json/* isObject */.Gv)(value) ? value['mediaType'] : undefined;
        if (!(0,oci_digest/* isDigest */.Bc)(diffId) || typeof mediaType !== 'string' || !(0,media_types/* isForeignLayer */.sJ)(mediaType))
            continue;
        foreign.set(diffId, (0,json/* inFile */.s5)(what, () => (0,descriptor/* parseDescriptor */.B)(value, `LayerSources.${diffId}`)));
    }
    return foreign;
}
function parseImage(value, what) {
    const { Config: config, RepoTags: tags, Layers: layers, LayerSources: sources } = value;
    if (typeof config !== 'string' || config === '')
        throw (0,errors/* imageError */.wL)(`${what} names no Config.`);
    // An image without layers has null here, an image without a name null for the tags.
    if (!(0,json/* isTextList */.Sl)(layers ?? []))
        throw (0,errors/* imageError */.wL)(`${what} has no list of Layers.`);
    return {
        config,
        tags: (0,json/* isTextList */.Sl)(tags) ? tags : [],
        layers: (layers ?? []),
        foreign: foreignLayers(sources, what),
    };
}
/** @throws PushError IMAGE unless there is a manifest.json with at least one image */
async function readDockerManifest(tree) {
    const what = `manifest.json in ${tree.path}`;
    const range = await tree.find('manifest.json');
    if (!range) {
        throw (0,errors/* imageError */.wL)(`${tree.path} is not a docker archive: it has no manifest.json.`, (await tree.find('repositories'))
            ? 'Docker before 1.10 wrote it: save the image again.'
            : 'Write it with docker save, podman save or skopeo.');
    }
    const value = (0,json/* parseJson */.qF)(await (0,file_range/* readSmall */.o5)(range, MANIFEST_MAX, what), what);
    if (!Array.isArray(value) || !value.every(json/* isObject */.Gv)) {
        throw (0,errors/* imageError */.wL)(`${what} is not a list of images.`);
    }
    if (value.length === 0)
        throw (0,errors/* imageError */.wL)(`${tree.path} holds no image.`);
    return value.map((image) => parseImage(image, what));
}
/** The digest in a file name like `<hex>.json`, `sha256:<hex>` or `blobs/sha256/<hex>`. */
function digestInName(name) {
    const hex = /(?:^|[/:])([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
    return hex === undefined ? undefined : `sha256:${hex}`;
}
function isMeant(image, select) {
    if (select.kind === 'name')
        return image.tags.some((tag) => (0,image_names/* sameName */.q)(tag, select.name));
    return select.kind === 'digest' && digestInName(image.config) === select.digest;
}
function nameOf(image, position) {
    return image.tags[0] ?? `@${position}`;
}
/** @throws PushError IMAGE with the names to choose from */
function chooseDockerImage(images, select, where) {
    const [first] = images;
    const names = (0,image_names/* listNames */.Z)(images.map(nameOf));
    if (!select && first && images.length === 1)
        return first;
    if (!select) {
        throw (0,errors/* imageError */.wL)(`${where} holds several images: ${names}.`, 'Put a colon and the name of one after the path.');
    }
    const chosen = select.kind === 'position'
        ? images[select.position]
        : images.find((image) => isMeant(image, select));
    if (chosen)
        return chosen;
    throw (0,errors/* imageError */.wL)(`${where} holds no image called ${(0,util_text/* printable */.g$)((0,locate/* formatSelector */.VH)(select))}; it holds ${names}.`, 'Put one of these names after the path.');
}
/**
 * The diff IDs of an image's config.
 * @throws PushError IMAGE unless there is one for each layer
 */
function readDiffIds(config, layers, what) {
    const value = (0,json/* parseJson */.qF)(config, what);
    const rootfs = (0,json/* isObject */.Gv)(value) ? value['rootfs'] : undefined;
    const listed = (0,json/* isObject */.Gv)(rootfs) ? (rootfs['diff_ids'] ?? []) : undefined;
    if (!Array.isArray(listed) || !listed.every(oci_digest/* isDigest */.Bc)) {
        throw (0,errors/* imageError */.wL)(`${what} has no list of diff IDs (rootfs.diff_ids).`);
    }
    if (listed.length !== layers) {
        throw (0,errors/* imageError */.wL)(`${what} lists ${listed.length} diff IDs, but the archive has ${layers} layers.`, 'The archive is damaged: save the image again.');
    }
    return listed;
}
/** @throws PushError IMAGE when a file named by its digest has other content */
function checkNamedDigest(name, actual, where) {
    const expected = digestInName(name);
    if (expected === undefined || (0,oci_digest/* hexOf */.ZD)(expected) === (0,oci_digest/* hexOf */.ZD)(actual))
        return;
    throw (0,errors/* imageError */.wL)(`${(0,util_text/* printable */.g$)(name)} in ${where} has the digest ${actual}: it is damaged.`, 'Save the image again.');
}

// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(48161);
// EXTERNAL MODULE: ./lib/util/limiter.js + 2 modules
var limiter = __webpack_require__(97494);
// EXTERNAL MODULE: ./lib/util/single-flight.js
var single_flight = __webpack_require__(53889);
// EXTERNAL MODULE: external "node:stream/promises"
var promises_ = __webpack_require__(46466);
// EXTERNAL MODULE: external "node:zlib"
var external_node_zlib_ = __webpack_require__(38522);
;// CONCATENATED MODULE: ./lib/image/compress.js






const GZIP_LEVEL = 6;
const ZSTD_LEVEL = 3;
/**
 * Names everything that decides which bytes a layer becomes. The architecture is part of it: Node's
 * zlib (Chromium's) matches strings with the vector instructions it finds.
 */
const COMPRESSOR_VERSION = {
    gzip: `gzip-${GZIP_LEVEL}/zlib-${process.versions['zlib']}/${process.arch}`,
    zstd: `zstd-${ZSTD_LEVEL}/zstd-${process.versions['zstd']}/${process.arch}`,
};
const COMPRESSORS = {
    gzip: () => (0,external_node_zlib_.createGzip)({ level: GZIP_LEVEL }),
    zstd: (size) => (0,external_node_zlib_.createZstdCompress)({
        pledgedSrcSize: size,
        params: {
            [external_node_zlib_.constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
            [external_node_zlib_.constants.ZSTD_c_checksumFlag]: 1,
        },
    }),
};
/** Where gzip's header names the operating system (RFC 1952); 255 is "unknown". */
const GZIP_OS_OFFSET = 9;
/** zlib writes another value there on each platform: the digest must not depend on the runner. */
async function* withoutPlatform(chunks) {
    let position = 0;
    for await (const chunk of chunks) {
        const at = GZIP_OS_OFFSET - position;
        if (at >= 0 && at < chunk.length)
            chunk[at] = 255;
        position += chunk.length;
        yield chunk;
    }
}
/** Hands chunks through and shows each to `see`. */
async function* watched(chunks, see) {
    for await (const chunk of chunks) {
        see(chunk);
        yield chunk;
    }
}
/**
 * Compresses a layer into the spool in one pass over its bytes, which are compared with the diff ID.
 * The chunks have one fixed size (readRange), on which zstd's output depends.
 * @throws PushError IMAGE when the bytes are not those of the diff ID, GENERAL when the disk is full
 */
async function compressLayer({ source, diffId, label }, options) {
    const { compression, spool, fileName, signal } = options;
    // What does not compress at all is rare; a disk that fills up all the same is noticed, too.
    await spool.ensureFree(Math.ceil(source.size / 2));
    const before = (0,external_node_crypto_.createHash)('sha256');
    const after = (0,external_node_crypto_.createHash)('sha256');
    const compressor = COMPRESSORS[compression](source.size);
    let range;
    await (0,promises_.pipeline)(watched((0,file_range/* readRange */.qX)(source, 0, signal), (chunk) => before.update(chunk)), compressor, async (chunks) => {
        const bytes = compression === 'gzip' ? withoutPlatform(chunks) : chunks;
        range = await spool.write(fileName, watched(bytes, (chunk) => after.update(chunk)));
    });
    const actual = (0,oci_digest/* sha256Digest */.sI)(before);
    if (actual !== diffId) {
        throw (0,errors/* imageError */.wL)(`${label} is not what the image's config says: its diff ID is ${actual}, not ${diffId}.`, 'The image is damaged: save it again.');
    }
    if (!range)
        throw new Error('the spool returned nothing');
    return { digest: (0,oci_digest/* sha256Digest */.sI)(after), size: range.size, range };
}

// EXTERNAL MODULE: ./lib/image/source.js
var source = __webpack_require__(2240);
;// CONCATENATED MODULE: ./lib/image/layer-store.js






/** zlib works in libuv's pool, which has four threads. */
const WORKERS_MAX = 4;
const WORKERS_MIN = 2;
/** Layers that are compressed when somebody wants them, each once. */
class LayerStore {
    #spool;
    #mediaType;
    #options;
    #limiter = new limiter/* Limiter */.j(Math.min(WORKERS_MAX, Math.max(WORKERS_MIN, (0,external_node_os_.availableParallelism)())));
    #flights = new single_flight/* SingleFlight */.F();
    /** under whose signal a layer is compressed */
    #askers = new Map();
    #running = new Set();
    #done = new Map();
    /** how to come by the bytes of a compressed digest that was handed out */
    #makers = new Map();
    #closing = new AbortController();
    #files = 0;
    #noted = false;
    /** @param mediaType of the compressed layers */
    constructor(spool, mediaType, options) {
        this.#spool = spool;
        this.#mediaType = mediaType;
        this.#options = options;
    }
    pending(layer) {
        return {
            diffId: layer.diffId,
            size: layer.source.size,
            prepare: async (signal) => this.#prepare(layer, signal),
        };
    }
    /**
     * The compressed bytes of a layer that `prepare` has described.
     * @throws RememberedLayerWrong when it was remembered as something else; it is not any more then
     */
    async find(digest) {
        const made = await this.#makers.get(digest)?.();
        return made?.range;
    }
    /** Stops what still compresses, and waits until it has stopped. */
    async close() {
        this.#closing.abort();
        await Promise.allSettled(this.#running);
    }
    async #prepare(layer, signal) {
        const { compression, compressedLayers: cache } = this.#options;
        const { diffId } = layer;
        const version = COMPRESSOR_VERSION[compression];
        const remembered = this.#done.has(diffId) ? undefined : await cache?.get(diffId, version);
        if (remembered?.mediaType === this.#mediaType) {
            this.#makers.set(remembered.digest, () => this.#confirm(layer, remembered));
            return remembered;
        }
        return this.#keep(layer, await this.#make(layer, signal));
    }
    /** Describes what a layer was compressed to, and remembers it. */
    async #keep({ diffId }, made) {
        const { compression, compressedLayers: cache } = this.#options;
        const { digest, size } = made;
        const descriptor = { mediaType: this.#mediaType, digest, size };
        this.#makers.set(digest, async () => made);
        await cache?.put(diffId, COMPRESSOR_VERSION[compression], descriptor);
        return descriptor;
    }
    /** The bytes of what was remembered unseen, if it is true. */
    async #confirm(layer, remembered) {
        const made = await this.#make(layer);
        if (made.digest === remembered.digest && made.size === remembered.size)
            return made;
        const actual = await this.#keep(layer, made);
        this.#note(layer);
        throw new source/* RememberedLayerWrong */.Z(layer.diffId, remembered.digest, actual);
    }
    /** Once: where one is wrong, another version of zlib may have made them all so. */
    #note({ diffId }) {
        if (this.#noted)
            return;
        this.#noted = true;
        this.#options.onNote?.(`This machine has remembered wrongly what layer ${(0,oci_digest/* shortDigest */.VK)(diffId)} is compressed to: going on with what it is now.`);
    }
    async #make(layer, signal) {
        for (;;) {
            const ready = this.#done.get(layer.diffId);
            if (ready)
                return ready;
            try {
                return await this.#flights.run(layer.diffId, () => {
                    this.#askers.set(layer.diffId, signal);
                    return this.#compress(layer, signal);
                });
            }
            catch (error) {
                // It ran for somebody else, who has given up: then it runs for us.
                const asker = this.#askers.get(layer.diffId);
                const theirs = asker !== signal && asker?.aborted === true;
                if (!theirs || signal?.aborted || this.#closing.signal.aborted)
                    throw error;
            }
        }
    }
    async #compress(layer, asked) {
        const { compression, signal: given, onCompressed } = this.#options;
        const signals = [this.#closing.signal, given, asked].filter((item) => item !== undefined);
        const signal = AbortSignal.any(signals);
        this.#files += 1;
        const fileName = `${this.#files}-${(0,oci_digest/* shortDigest */.VK)(layer.diffId)}`;
        const options = { compression, spool: this.#spool, fileName, signal };
        const work = this.#limiter.run(() => compressLayer(layer, options), signal);
        this.#running.add(work);
        const made = await work.finally(() => this.#running.delete(work));
        this.#done.set(layer.diffId, made);
        onCompressed?.(layer.source.size, made.size);
        return made;
    }
}

// EXTERNAL MODULE: ./lib/oci/encode.js
var encode = __webpack_require__(6823);
;// CONCATENATED MODULE: ./lib/image/write-manifest.js


/** The media type of a config in a manifest of this format. */
function configType(format) {
    return format === 'docker' ? media_types/* MEDIA_TYPES */.Z2.dockerConfig : media_types/* MEDIA_TYPES */.Z2.ociConfig;
}
/** The media type of a compressed layer in a manifest of this format. */
function layerType(format, packing) {
    if (packing === 'zstd')
        return media_types/* MEDIA_TYPES */.Z2.ociLayerZstd;
    return format === 'docker' ? media_types/* MEDIA_TYPES */.Z2.dockerLayerGzip : media_types/* MEDIA_TYPES */.Z2.ociLayerGzip;
}
/** Fields in the order of Go's tools, so that their manifest of the same layers is the same. */
function fields({ mediaType, size, digest, urls }) {
    return { mediaType, size, digest, ...(urls && urls.length > 0 ? { urls } : {}) };
}
/**
 * The manifest of an image whose archive has none. The same layers give the same bytes, and those
 * that go-containerregistry (crane, ko) writes.
 * @see https://github.com/google/go-containerregistry/blob/main/pkg/v1/manifest.go
 */
function writeManifest(format, config, layers) {
    const mediaType = format === 'docker' ? media_types/* MEDIA_TYPES */.Z2.dockerManifest : media_types/* MEDIA_TYPES */.Z2.ociManifest;
    const manifest = {
        schemaVersion: 2,
        mediaType,
        config: fields(config),
        layers: layers.map(fields),
    };
    return (0,encode/* encodeManifest */.Gb)(mediaType, manifest);
}

;// CONCATENATED MODULE: ./lib/image/docker-archive.js









const CONFIG_MAX = 16 * 1024 * 1024;
async function readConfig(tree, image) {
    const what = `config ${(0,util_text/* printable */.g$)(image.config)} in ${tree.path}`;
    const range = await tree.find(image.config);
    if (!range)
        throw (0,errors/* imageError */.wL)(`${what} is missing.`, 'Save the image again.');
    const bytes = await (0,file_range/* readSmall */.o5)(range, CONFIG_MAX, what);
    checkNamedDigest(image.config, (0,oci_digest/* digestOf */.ol)(bytes), tree.path);
    return bytes;
}
/** Docker's format knows gzip only: one zstd layer makes it an OCI image. */
function formatFor(layers, compression) {
    const zstd = layers.some((layer) => (layer.kind === 'compressed' && layer.packing === 'zstd') ||
        (layer.kind === 'plain' && compression === 'zstd'));
    return zstd ? 'oci' : 'docker';
}
function collectContents(configBytes, layers, format, store) {
    const digest = (0,oci_digest/* digestOf */.ol)(configBytes);
    const config = { mediaType: configType(format), digest, size: configBytes.length };
    const known = new Map([[digest, configBytes]]);
    const described = layers.map((layer) => {
        if (layer.kind === 'plain')
            return store.pending(layer);
        if (layer.kind === 'foreign') {
            if (layer.range)
                known.set(layer.descriptor.digest, layer.range);
            return layer.descriptor;
        }
        known.set(layer.digest, layer.range);
        const { digest, range, packing } = layer;
        return { mediaType: layerType(format, packing), digest, size: range.size };
    });
    return { config, layers: described, known };
}
function isDescriptor(layer) {
    return !('prepare' in layer);
}
function imageOf({ config, layers, known }, format) {
    const finish = (finished) => {
        if (finished.length !== layers.length) {
            throw new RangeError(`${layers.length} layers are needed, ${finished.length} were given`);
        }
        const manifest = writeManifest(format, config, finished);
        known.set(manifest.descriptor.digest, manifest.bytes);
        return manifest;
    };
    if (layers.every(isDescriptor))
        return { root: finish(layers).descriptor };
    return { unfinished: { config, layers, finish } };
}
/**
 * Opens an image as `docker save` wrote it before version 25, and as podman, skopeo, ko and crane
 * still do. The config is pushed as it is; the manifest is written here.
 * @param description for people: transport and path or name
 * @throws PushError IMAGE
 */
async function openDockerImage(tree, image, description, spool, options) {
    const configBytes = await readConfig(tree, image);
    const what = `config ${(0,util_text/* printable */.g$)(image.config)} in ${tree.path}`;
    const diffIds = readDiffIds(configBytes, image.layers.length, what);
    const layers = await readLayers(tree, image, diffIds, options.signal);
    const format = formatFor(layers, options.compression);
    const store = new LayerStore(spool, layerType(format, options.compression), options);
    const contents = collectContents(configBytes, layers, format, store);
    const find = async (digest) => contents.known.get(digest) ?? store.find(digest);
    const [name] = image.tags;
    return {
        description,
        ...imageOf(contents, format),
        content: (0,content/* contentReader */.Z)(tree.path, find),
        close: async () => store.close(),
        ...(name === undefined ? {} : { name }),
    };
}

// EXTERNAL MODULE: ./lib/image/oci-layout.js + 1 modules
var oci_layout = __webpack_require__(39007);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(76760);
// EXTERNAL MODULE: external "node:timers/promises"
var external_node_timers_promises_ = __webpack_require__(58500);
// EXTERNAL MODULE: ./node_modules/tar-stream/index.js
var tar_stream = __webpack_require__(56118);
;// CONCATENATED MODULE: ./lib/image/tar-header.js




/** Everything in a tar archive stands in blocks of this many bytes. */
const BLOCK = 512;
/** Long names and pax records of one entry: 1 MiB together, and the headers they stand in. */
const MAX_BLOCKS = (1024 * 1024) / BLOCK + 8;
/** Old GNU tar's sparse files (`S`): their length on disk is not the one in the header. */
const GNU_SPARSE = 0x53;
const RETRY = 'Copy or save it again.';
/** tar-stream as a header parser: it sees headers only, and is thrown away before the body. */
function headerParser() {
    const parser = (0,tar_stream.extract)();
    let header;
    let failure;
    parser.on('entry', (found, body) => {
        body.on('error', () => undefined);
        header = found;
    });
    parser.on('error', (error) => {
        failure = error;
    });
    return {
        feed: async (block) => {
            parser.write(block);
            // It works in microtasks: one turn of the event loop later all is done.
            await (0,external_node_timers_promises_.setImmediate)();
            if (failure)
                throw failure;
            return header;
        },
        close: () => parser.destroy(),
    };
}
/** A whole block; undefined at the end of the file. */
async function blockAt(handle, offset, file) {
    const block = Buffer.alloc(BLOCK);
    const bytesRead = await (0,file_range/* fill */.GS)(handle, block, offset, file);
    if (bytesRead === 0)
        return undefined;
    if (bytesRead < BLOCK)
        throw offset === 0 ? noTar(file) : truncated(file);
    return block;
}
/** The archive ends where more must follow. */
function truncated(file) {
    return (0,errors/* imageError */.wL)(`${file} is cut off: the tar archive ends in the middle of an entry.`, RETRY);
}
function noTar(file, cause) {
    return (0,errors/* imageError */.wL)(`${file} is not a tar archive.`, 'Check what the source option names.', cause);
}
function isZero(block) {
    return block.every((byte) => byte === 0);
}
async function parse(handle, offset, first, file) {
    const parser = headerParser();
    try {
        for (let index = 0; index < MAX_BLOCKS; index += 1) {
            const at = offset + index * BLOCK;
            const block = index === 0 ? first : await blockAt(handle, at, file);
            if (!block)
                throw truncated(file);
            const header = await parser.feed(block);
            if (header) {
                const sparse = block[156] === GNU_SPARSE;
                return { header, bodyOffset: at + BLOCK, sparse };
            }
        }
    }
    finally {
        parser.close();
    }
    throw (0,errors/* imageError */.wL)(`${file} has an entry with more than 1 MiB of metadata at byte ${offset}.`);
}
/**
 * Reads the entry header at `offset`, with the long names and pax records before it.
 * @returns undefined at the end of the archive
 * @throws PushError IMAGE when there is something else
 */
async function readHeader(handle, offset, file) {
    const first = await blockAt(handle, offset, file);
    if (!first)
        return undefined;
    if (isZero(first)) {
        const second = await blockAt(handle, offset + BLOCK, file);
        if (!second || isZero(second))
            return undefined;
        throw (0,errors/* imageError */.wL)(`${file} is damaged: there is an empty tar header at byte ${offset}.`);
    }
    try {
        return await parse(handle, offset, first, file);
    }
    catch (error) {
        if (!/tar header|Invalid header|Header exceeds/.test((0,errors/* messageOf */.bD)(error)))
            throw error;
        if (offset === 0)
            throw noTar(file, error);
        throw (0,errors/* imageError */.wL)(`${file} is damaged: there is no tar header at byte ${offset}.`, RETRY, error);
    }
}

;// CONCATENATED MODULE: ./lib/image/tar-index.js





/** Reading so many headers takes some ten seconds; an image has a few hundred. */
const MAX_ENTRIES = 250_000;
/** As in Go's archive/tar, these have no body, whatever their size says. */
const WITHOUT_BODY = new Set([
    'link',
    'symlink',
    'character-device',
    'block-device',
    'directory',
    'fifo',
]);
/** `./a//b` as `a/b`; undefined for what is absolute or climbs out with `..`. */
function normalizeName(name) {
    if (name.startsWith('/'))
        return undefined;
    const normal = external_node_path_.posix.normalize(name).replace(/\/$/, '');
    return normal === '..' || normal.startsWith('../') ? undefined : normal;
}
function linkTarget(name, type, target) {
    if (type === 'link')
        return normalizeName(target);
    return target.startsWith('/')
        ? undefined
        : normalizeName(external_node_path_.posix.join(external_node_path_.posix.dirname(name), target));
}
function entryOf(name, { header, bodyOffset }) {
    const { type, linkname } = header;
    if (type === 'link' || type === 'symlink') {
        return { kind: 'link', target: linkTarget(name, type, linkname) };
    }
    if (type !== 'file' && type !== 'contiguous-file')
        return { kind: 'other' };
    return { kind: 'file', offset: bodyOffset, size: header.size };
}
/** Blobs are named by their content, which is compared later: of equal ones, any will do. */
function merge(name, earlier, later) {
    const sameBlob = earlier.kind === 'file' &&
        later.kind === 'file' &&
        earlier.size === later.size &&
        name.startsWith('blobs/');
    const sameLink = earlier.kind === 'link' && later.kind === 'link' && earlier.target === later.target;
    const both = earlier.kind === 'other' && later.kind === 'other';
    return sameBlob || sameLink || both ? earlier : { kind: 'ambiguous' };
}
function isSparse({ header, sparse }) {
    const records = Object.keys(header.pax ?? {});
    return sparse || records.some((key) => key.startsWith('GNU.sparse.'));
}
async function walk(handle, file, { maxEntries = MAX_ENTRIES, signal }) {
    const index = new Map();
    const { size: fileSize } = await handle.stat();
    let offset = 0;
    for (let count = 1;; count += 1) {
        signal?.throwIfAborted();
        const found = await readHeader(handle, offset, file);
        if (!found)
            return index;
        if (count > maxEntries)
            throw (0,errors/* imageError */.wL)(`${file} has more than ${maxEntries} entries.`);
        const { header, bodyOffset } = found;
        if (isSparse(found)) {
            throw (0,errors/* imageError */.wL)(`${file} holds ${(0,util_text/* printable */.g$)(header.name)} as a sparse file, which images never do.`, 'Write the archive again without tar --sparse.');
        }
        const size = WITHOUT_BODY.has(header.type) ? 0 : header.size;
        if (bodyOffset + size > fileSize)
            throw truncated(file);
        offset = bodyOffset + Math.ceil(size / BLOCK) * BLOCK;
        const name = normalizeName(header.name);
        if (name === undefined)
            continue;
        const entry = entryOf(name, found);
        const earlier = index.get(name);
        index.set(name, earlier ? merge(name, earlier, entry) : entry);
    }
}
/**
 * Notes where every file of a tar archive begins, in one pass over the headers; bodies are not read.
 * @throws PushError IMAGE when it is not a tar archive, is cut off, or goes beyond a limit
 */
async function indexTar(file, options = {}) {
    const handle = await (0,file_range/* openFile */.Tq)(file);
    try {
        return await walk(handle, options.path ?? file, options);
    }
    finally {
        await handle.close();
    }
}

;// CONCATENATED MODULE: ./lib/image/tar-tree.js



/** Docker and skopeo write one link per repeated layer; more than a few in a row is a trap. */
const MAX_LINKS = 16;
/**
 * The files of a tar archive, read in place. Links inside the archive are followed.
 * @param path of the archive as people know it
 * @param file where the bytes are: the same, or the spooled copy
 */
function tarTree(path, file, index) {
    const outside = (name) => (0,errors/* imageError */.wL)(`${path} refers to ${(0,util_text/* printable */.g$)(name)}, which lies outside of the archive.`);
    return {
        path,
        find: async (wanted) => {
            let name = normalizeName(wanted);
            if (name === undefined)
                throw outside(wanted);
            for (let links = 0; links <= MAX_LINKS; links += 1) {
                const entry = index.get(name);
                if (!entry && links === 0)
                    return undefined;
                if (!entry) {
                    throw (0,errors/* imageError */.wL)(`${path}: ${(0,util_text/* printable */.g$)(wanted)} is a link to ${(0,util_text/* printable */.g$)(name)}, which is missing.`);
                }
                if (entry.kind === 'file')
                    return { file, offset: entry.offset, size: entry.size };
                if (entry.kind === 'ambiguous') {
                    throw (0,errors/* imageError */.wL)(`${path} holds ${(0,util_text/* printable */.g$)(name)} more than once.`, 'Save it again.');
                }
                if (entry.kind === 'other') {
                    throw (0,errors/* imageError */.wL)(`${path}: ${(0,util_text/* printable */.g$)(name)} is not a regular file.`);
                }
                if (entry.target === undefined)
                    throw outside(wanted);
                name = entry.target;
            }
            throw (0,errors/* imageError */.wL)(`${path}: the links of ${(0,util_text/* printable */.g$)(wanted)} lead nowhere.`);
        },
    };
}

// EXTERNAL MODULE: external "node:fs/promises"
var external_node_fs_promises_ = __webpack_require__(51455);
;// CONCATENATED MODULE: ./lib/image/zstd-frames.js

// Numbers are those of RFC 8878, sections 3.1.1 and 3.1.2; all are little-endian.
const zstd_frames_MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const BLOCK_HEADER = 3;
const RLE = 1;
const RESERVED = 3;
const CHECKSUM = 4;
const DICTIONARY_ID = [0, 1, 2, 4];
const CONTENT_SIZE = [0, 2, 4, 8];
class Frames {
    #handle;
    #file;
    constructor(handle, file) {
        this.#handle = handle;
        this.#file = file;
    }
    async #bytes(position, length) {
        const buffer = Buffer.alloc(length);
        const filled = await (0,file_range/* fill */.GS)(this.#handle, buffer, position, this.#file);
        if (filled < length)
            throw new Error('a zstd frame is cut off');
        return buffer;
    }
    /** Where the frame at `position` ends, and whether it holds data. */
    async end(position) {
        const magic = (await this.#bytes(position, 4)).readUInt32LE();
        if ((magic & 0xfffffff0) === SKIPPABLE) {
            const size = (await this.#bytes(position + 4, 4)).readUInt32LE();
            return { end: position + 8 + size, data: false };
        }
        if (magic !== zstd_frames_MAGIC)
            throw new Error('there is no zstd frame');
        const [descriptor = 0] = await this.#bytes(position + 4, 1);
        const singleSegment = (descriptor & 0x20) !== 0;
        const dictionary = DICTIONARY_ID[(descriptor & 3)];
        const content = CONTENT_SIZE[(descriptor >> 6)];
        // Without a window descriptor there is a content size of one byte at least.
        const header = 5 + dictionary + (singleSegment ? Math.max(content, 1) : 1 + content);
        const blocks = await this.#blocksEnd(position + header);
        return { end: blocks + ((descriptor & 4) === 0 ? 0 : CHECKSUM), data: true };
    }
    async #blocksEnd(first) {
        for (let position = first;;) {
            const header = (await this.#bytes(position, BLOCK_HEADER)).readUIntLE(0, BLOCK_HEADER);
            const type = (header >> 1) & 3;
            if (type === RESERVED)
                throw new Error('a zstd block has an unknown type');
            position += BLOCK_HEADER + (type === RLE ? 1 : header >> 3);
            if ((header & 1) === 1)
                return position;
        }
    }
}
/**
 * The frames of a zstd file; parallel compressors write many. Node's decompressor has to be fed
 * each by itself: it knows one only, does not mind one that is cut off, and what it is given beyond
 * the end may make it fail (when its reader is slow, it resumes at a wrong place).
 * @throws Error when it is not made of whole frames
 */
async function* zstdFrames(file, size, signal) {
    const handle = await (0,file_range/* openFile */.Tq)(file);
    try {
        const frames = new Frames(handle, file);
        for (let position = 0; position < size;) {
            signal?.throwIfAborted();
            const { end, data } = await frames.end(position);
            if (end > size)
                throw new Error('the last zstd frame is cut off');
            if (data)
                yield { file, offset: position, size: end - position };
            position = end;
        }
    }
    finally {
        await handle.close();
    }
}

;// CONCATENATED MODULE: ./lib/image/unpack.js







/** Feeds a decompressor and hands out what it makes, errors of both sides included. */
async function* through(range, decompressor, signal) {
    const feeding = (0,promises_.pipeline)((0,file_range/* readRange */.qX)(range, 0, signal), decompressor);
    // Its failure reaches us through the decompressor, which it destroys.
    feeding.catch(() => undefined);
    for await (const chunk of decompressor)
        yield chunk;
}
const gunzip = (range, signal) => through(range, (0,external_node_zlib_.createGunzip)(), signal);
async function* unzstd({ file, size }, signal) {
    for await (const frame of zstdFrames(file, size, signal)) {
        yield* through(frame, (0,external_node_zlib_.createZstdDecompress)(), signal);
    }
}
const UNPACKERS = { gzip: gunzip, zstd: unzstd };
/**
 * Decompresses an archive once to the spool, where it has offsets to be read by.
 * @throws PushError IMAGE when it is damaged, GENERAL when the disk is full
 */
async function unpackArchive(file, packing, spool, { signal, onNote }) {
    const { size } = await (0,external_node_fs_promises_.stat)(file).catch((error) => {
        throw (0,file_range/* unreadable */.O$)(file, error);
    });
    // How large it becomes nobody knows beforehand; smaller it hardly gets.
    await spool.ensureFree(size);
    onNote?.(`${file} (${(0,util_text/* formatBytes */.z3)(size)}) is decompressed once to the temporary folder`);
    try {
        return await spool.write('archive.tar', UNPACKERS[packing]({ file, offset: 0, size }, signal));
    }
    catch (error) {
        if (error instanceof errors/* PushError */.Vc || (0,errors/* isAbort */.rV)(error) || signal?.aborted)
            throw error;
        throw (0,errors/* imageError */.wL)(`${file} cannot be decompressed (${packing}): it is damaged or cut off.`, 'Copy or save it again.', error);
    }
}

;// CONCATENATED MODULE: ./lib/image/archive.js










/** The archive as files, decompressed to the spool first where it must be. */
async function treeOf(path, { spool, options }) {
    const packing = await sniff(path);
    if (packing === 'xz' || packing === 'bzip2') {
        throw (0,errors/* imageError */.wL)(`${path} is compressed with ${packing}, which is not supported.`, 'Decompress it, or compress it with gzip or zstd.');
    }
    const file = packing === 'plain' ? path : (await unpackArchive(path, packing, spool, options)).file;
    const index = await indexTar(file, {
        path,
        ...(options.signal ? { signal: options.signal } : {}),
    });
    return tarTree(path, file, index);
}
/** Docker ≥ 25: what its OCI layout holds is pushed untouched, if it is complete and compressed. */
async function openCarried(tree, description, context) {
    const { select, options } = context;
    if (!(await tree.find('oci-layout')) || !(await tree.find('index.json')))
        return undefined;
    const layout = await (0,oci_layout/* readLayout */.T4)(tree);
    const images = await readDockerManifest(tree);
    if (select?.kind === 'digest' && (await layout.find(select.digest))) {
        const isConfig = images.some(({ config }) => digestInName(config) === select.digest);
        if (!isConfig)
            return (0,oci_layout/* openLayout */.B9)(tree, description, select);
    }
    const image = chooseDockerImage(images, select, tree.path);
    const config = digestInName(image.config);
    const carried = config && (await findCarried(layout, config));
    if (!carried)
        return undefined;
    if (!carried.whole) {
        options.onNote?.(`${tree.path} does not hold every platform of its index: only ${carried.root.digest} is pushed`);
    }
    const chosen = await (0,oci_layout/* chooseImage */.Ny)(layout, { kind: 'digest', digest: carried.root.digest });
    const name = image.tags[0] ?? chosen.name;
    return {
        description,
        root: chosen.root,
        content: (0,content/* contentReader */.Z)(tree.path, chosen.find),
        close: async () => undefined,
        ...(name === undefined ? {} : { name }),
    };
}
async function openDocker(tree, description, context) {
    const carried = await openCarried(tree, description, context);
    if (carried)
        return carried;
    const images = await readDockerManifest(tree);
    const image = chooseDockerImage(images, context.select, tree.path);
    return openDockerImage(tree, image, description, context.spool, context.options);
}
/**
 * Opens an image archive, in place.
 * @param description for people; by default the kind it is found to be, and the path
 * @throws PushError IMAGE
 */
async function openArchive(path, kind, context, description) {
    const tree = await treeOf(path, context);
    if (kind === 'docker-archive' || (kind === 'path' && (await tree.find('manifest.json')))) {
        return openDocker(tree, description ?? `docker-archive:${path}`, context);
    }
    if (kind === 'path' && !(await tree.find('oci-layout'))) {
        throw (0,errors/* imageError */.wL)(`${path} is a tar archive, but not of an image: it has neither manifest.json nor oci-layout.`, 'Write it with docker save, podman save, skopeo or crane.');
    }
    return (0,oci_layout/* openLayout */.B9)(tree, description ?? `oci-archive:${path}`, context.select);
}


/***/ })

};
