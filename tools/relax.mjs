// @ts-check
/**
 * Brings the fused multiply-add of a WebAssembly module up to the standard, in place.
 *
 *     node tools/relax.mjs MODULE.wasm
 *
 * Debian's clang 14 and Binaryen 108 know relaxed SIMD as a draft had it: f32x4.fma is the opcode 0xaf of the
 * vectors. The standard calls it f32x4.relaxed_madd and gave it 0x105; operands and meaning, a * b + c, are the
 * same, and so is the length in bytes. So it suffices to walk the code and to change that one opcode where it is
 * one: the same bytes may stand in a constant. (WebAssembly core specification 3.0, 5.4 and 5.5.)
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DRAFT_FMA = 0xaf;
/** 0x105 in LEB128, as long as 0xaf is. */
const STANDARD_MADD = [0x85, 0x02];
/** What else drafts had in gaps of the standard. */
const DRAFTS = [0xa2, 0xb0, 0xb2, 0xb3, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee];

const CODE_SECTION = 10;

/**
 * Changes the bytes of a module and returns how many instructions that were.
 * @param {Uint8Array} bytes
 */
export function relax(bytes) {
    let at = 8;
    let changed = 0;

    const number = () => {
        let value = 0;
        for (let shift = 0; ; shift += 7) {
            const byte = bytes[at++];
            value += (byte & 127) * 2 ** shift;
            if (byte < 128) return value;
        }
    };
    /** Passes over numbers in LEB128, signed or not. */
    const skip = (count = 1) => {
        for (let i = 0; i < count; i++) while (bytes[at++] >= 128);
    };
    /** @param {string} what @param {number} code @returns {never} */
    const refuse = (what, code) => {
        throw new Error(`${what} 0x${code.toString(16)} at byte ${at} is not known: teach tools/relax.mjs about it`);
    };

    function vector() {
        const start = at;
        const code = number();
        if (code === DRAFT_FMA) {
            bytes.set(STANDARD_MADD, start);
            changed++;
        } else if (DRAFTS.includes(code) || code > 0xff) refuse('vector instruction', code);
        else if (code <= 11 || code === 92 || code === 93) skip(2);
        else if (code === 12 || code === 13) at += 16;
        else if (code >= 21 && code <= 34) at += 1;
        else if (code >= 84 && code <= 91) {
            skip(2);
            at += 1;
        }
    }

    /** Operands in LEB128 of 0xfc CODE: saturating conversions, then bulk memory. */
    const BULK = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

    function instruction() {
        const code = bytes[at++];
        if (code === 0xfd) vector();
        else if (code >= 0x45 && code <= 0xc4) return;
        else if (code >= 0x28 && code <= 0x3e) skip(2);
        else if (code >= 0x20 && code <= 0x26) skip();
        else if ([0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2].includes(code)) skip();
        else if ([0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0xd1].includes(code)) return;
        else if (code === 0x0e) skip(number() + 1);
        else if (code === 0x11) skip(2);
        else if (code === 0x1c) at += number();
        else if (code === 0x43) at += 4;
        else if (code === 0x44) at += 8;
        else if (code === 0xfc) {
            const bulk = number();
            skip(BULK[bulk] ?? refuse('bulk instruction', bulk));
        } else if (code === 0xfe) {
            if (number() === 3) at += 1;
            else skip(2);
        } else refuse('instruction', code);
    }

    function body() {
        const size = number();
        const end = at + size;
        for (let groups = number(); groups > 0; groups--) {
            skip();
            at += 1;
        }
        while (at < end) instruction();
        if (at !== end) throw new Error(`a function ends at byte ${end}, its last instruction at ${at}`);
    }

    while (at < bytes.length) {
        const section = bytes[at++];
        const size = number();
        const end = at + size;
        if (section === CODE_SECTION) for (let count = number(); count > 0; count--) body();
        at = end;
    }
    return changed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const [path] = process.argv.slice(2);
    if (!path) {
        console.error('usage: relax.mjs MODULE.wasm');
        process.exit(2);
    }
    const bytes = readFileSync(path);
    const changed = relax(bytes);
    if (changed === 0) {
        console.error(`relax.mjs: ${path} has no fused multiply-add: it was built without -mrelaxed-simd, or is done already.`);
        process.exit(1);
    }
    writeFileSync(path, bytes);
}
