// @ts-check
/**
 * Many pictures out of what was picked or dropped: files, folders, zip archives. Sub-folders are classes:
 * CLASS/NAME.jpg.
 *
 * @typedef {{blob: Blob, name: string, group: string}} Found
 */

const PICTURE = /\.(jpe?g|png|webp|gif|bmp|avif)$/i;
const MOST = 20000;

/**
 * @param {File[]} files
 * @returns {Promise<{pictures: Found[], folder: string}>} in the order of their paths; the folder that all lie in, or ''
 */
export async function picturesIn(files) {
    const found = [];
    for (const file of files) {
        if (/\.zip$/i.test(file.name)) found.push(...(await unzip(file)));
        else found.push({ blob: file, path: file.webkitRelativePath || pathOf.get(file) || file.name });
    }
    const pictures = found.filter(({ path }) => PICTURE.test(path) && !/(^|\/)[._]/.test(path));
    pictures.sort((a, b) => (a.path < b.path ? -1 : 1));
    if (pictures.length > MOST)
        throw new Error(`There are ${pictures.length} pictures; the most is ${MOST}. Choose fewer.`);
    const roots = new Set(pictures.map(({ path }) => path.split('/')[0]));
    const inOne = roots.size === 1 && pictures.every(({ path }) => path.includes('/'));
    const folder = inOne ? [...roots][0] : '';
    return { folder, pictures: pictures.map((picture) => withGroup(picture, folder)) };
}

/** The class is the folder below the one that all share. */
function withGroup({ blob, path }, folder) {
    const parts = (folder ? path.slice(folder.length + 1) : path).split('/');
    return { blob, name: parts[parts.length - 1], group: parts.length > 1 ? parts[0] : '' };
}

/* ---- dropped folders ---- */

/** Where a dropped file lay; the browser tells it of picked folders only. @type {WeakMap<File, string>} */
const pathOf = new WeakMap();

/** Files and folders of a drop, walked through. Has to begin within the event. @param {DataTransfer} transfer @returns {Promise<File[]>} */
export async function droppedFiles(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.some((entry) => entry?.isDirectory)) return [...transfer.files];
    const files = [];
    const walk = async (/** @type {any} */ entry) => {
        if (entry.isFile) {
            const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
            pathOf.set(file, entry.fullPath.replace(/^\//, ''));
            files.push(file);
            return;
        }
        const reader = entry.createReader();
        for (;;) {
            const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
            if (!some.length) return;
            for (const inner of some) await walk(inner);
        }
    };
    for (const entry of entries) await walk(entry);
    return files;
}

/* ---- zip archives (PKWARE APPNOTE 6.3, without encryption and ZIP64) ---- */

const END = 0x06054b50;
const ENTRY = 0x02014b50;
/** Pictures that are unpacked at once: each waits for the disk more than it works. */
const AT_ONCE = 64;
const broken = (file) => new Error(`“${file.name}” is no zip archive that can be read: pack the pictures again.`);

/** The pictures of an archive: its directory says where each lies, and only those are unpacked. @param {File} file */
async function unzip(file) {
    const tail = new DataView(await file.slice(Math.max(0, file.size - 65557)).arrayBuffer());
    let at = tail.byteLength - 22;
    while (at >= 0 && tail.getUint32(at, true) !== END) at--;
    if (at < 0) throw broken(file);
    const [size, start] = [tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
    const directory = new DataView(await file.slice(start, start + size).arrayBuffer());
    const entries = [];
    for (let i = 0; i + 46 <= directory.byteLength; ) {
        if (directory.getUint32(i, true) !== ENTRY) throw broken(file);
        const u16 = (/** @type {number} */ offset) => directory.getUint16(i + offset, true);
        const [length, extra, comment] = [u16(28), u16(30), u16(32)];
        if (i + 46 + length > directory.byteLength) throw broken(file);
        const path = new TextDecoder().decode(new Uint8Array(directory.buffer, i + 46, length));
        const packed = directory.getUint32(i + 20, true);
        if (PICTURE.test(path) && (u16(8) & 1) === 0)
            entries.push({ path, at: directory.getUint32(i + 42, true), packed, method: u16(10) });
        i += 46 + length + extra + comment;
    }
    const found = [];
    for (let i = 0; i < entries.length; i += AT_ONCE) {
        const some = entries.slice(i, i + AT_ONCE);
        const blobs = await Promise.all(some.map(({ at, packed, method }) => unpack(file, at, packed, method)));
        found.push(...some.map(({ path }, k) => ({ path, blob: blobs[k] })));
    }
    return found;
}

/** @param {File} file @param {number} at @param {number} size @param {number} method 0: stored, 8: deflated */
async function unpack(file, at, size, method) {
    const head = new DataView(await file.slice(at, at + 30).arrayBuffer());
    if (head.byteLength < 30) throw broken(file);
    const data = at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    const packed = file.slice(data, data + size);
    if (method === 0) return packed;
    const stream = packed.stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Response(stream).blob().catch(() => new Blob());
}
