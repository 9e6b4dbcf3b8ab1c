"""What the tests of the command line share: running it, and reading and writing its files."""

import csv
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("CONVOSCOPE", str(ROOT / "build/native/convoscope"))
SHARED = Path(os.environ.get("CONVOSCOPE_SHARED", ROOT.parent / "shared"))
MODEL = SHARED / "data/models/squeezenet1_0.onnx"
ZEBRA = SHARED / "reference/squeezenet_zebra"
KILLS = 20  # the most, of one training

failures = 0


def check(condition, what):
    global failures
    if not condition:
        failures += 1
        print(f"FAIL {what}")
    return condition


def near(value, expected, tolerance, what):
    return check(abs(value - expected) <= tolerance, f"{what}: {value}, not {expected} +- {tolerance}")


def run(*words, timeout=300, **options):
    """The finished process; standard output and error are text."""
    return subprocess.run(
        [PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=timeout, **options
    )


def run_json(*words, **options):
    """What --json prints, which must be one value and nothing else; None after a failure."""
    process = run(*words, "--json", **options)
    if not check(process.returncode == 0, f"{words}: exit {process.returncode}: {process.stderr}"):
        return None
    try:
        return json.loads(process.stdout)
    except ValueError as error:
        check(False, f"{words}: no JSON: {error}: {process.stdout[:200]}")
        return None


def kill_at_random(words, seconds):
    """Starts the same command again and again, killing it at random moments until it ends by itself or has been killed
    often enough; how often it was. `seconds`: what it takes undisturbed, on this machine and now."""
    rng = random.Random(1)
    kills = 0
    while True:
        process = subprocess.Popen([PROGRAM, *map(str, words)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        try:
            # The first ones come early: the machine may have been busier when the whole was timed.
            share = rng.uniform(0.02, 0.06 if kills < 4 else 0.2)
            wait = share * seconds if kills < KILLS else None
            _, error = process.communicate(timeout=wait)
            check(process.returncode == 0, f"resumed training: exit {process.returncode}: {error}")
            check(kills > 3, f"it was killed {kills} times only")
            return kills
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1


def log_of(path):
    """The rows of a training's log without what the clock gave."""
    with open(path) as file:
        return [
            {k: v for k, v in row.items() if k not in ("seconds", "pictures_per_second")}
            for row in csv.DictReader(file)
        ]


def finish(skipped=""):
    """Leaves with 0, 1, or 77 where something could not be tested."""
    if skipped:
        print(f"SKIPPED: {skipped}")
    print(f"{failures} failures")
    sys.exit(1 if failures else 77 if skipped else 0)


def need_shared():
    if not MODEL.exists():
        finish(f"no {MODEL}: set CONVOSCOPE_SHARED to the folder of shared test data")


def folder():
    """A temporary folder that goes when it is closed."""
    return tempfile.TemporaryDirectory(prefix="convoscope-cli-")


def read_npy(path):
    """(shape, list of floats) of a float32 .npy file of version 1."""
    data = Path(path).read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00", path
    (length,) = struct.unpack("<H", data[8:10])
    header = eval(data[10 : 10 + length].decode())  # written by the program under test
    assert header["descr"] == "<f4" and not header["fortran_order"], header
    body = data[10 + length :]
    return tuple(header["shape"]), struct.unpack(f"<{len(body) // 4}f", body)


def write_npy(path, shape, values):
    """A float32 .npy file of version 1."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}".ljust(117) + "\n"
    body = struct.pack(f"<{len(values)}f", *values)
    Path(path).write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + body)


def onnxruntime(network, shape, values):
    """The first output of a network as onnxruntime computes it; None where its packages are not installed."""
    if not (ROOT / "node_modules/onnxruntime-web").is_dir():
        return None
    script = """
        import { onnxruntimeForward } from './tests/web/onnxruntime.mjs'
        import { readFileSync } from 'node:fs'
        const [model, input] = process.argv.slice(1)
        const { shape, values } = JSON.parse(readFileSync(input))
        const out = await onnxruntimeForward(model, { shape, data: new Float32Array(values) })
        console.log(JSON.stringify([...out]))
    """
    with folder() as name:
        file = Path(name) / "input.json"
        file.write_text(json.dumps({"shape": list(shape), "values": list(values)}))
        process = subprocess.run(
            ["node", "--input-type=module", "-e", script, str(network), str(file)],
            cwd=ROOT, capture_output=True, text=True, timeout=300)
    if not check(process.returncode == 0, f"onnxruntime: {process.stderr[-500:]}"):
        return None
    return json.loads(process.stdout)


def check_onnxruntime(network, shape, values, size, folder):
    """The network's answer to these values is onnxruntime's within 1e-3 of `size`, or of the largest answer."""
    write_npy(folder / "x.npy", shape, values)
    process = run("run", network, "--input", folder / "x.npy", "--out", folder / "y.npy")
    check(process.returncode == 0, process.stderr)
    theirs = onnxruntime(network, shape, values)
    if theirs is None:
        return
    _, ours = read_npy(folder / "y.npy")
    size = size or max(map(abs, theirs))
    worst = max(abs(a - b) for a, b in zip(ours, theirs)) / size
    check(len(ours) == len(theirs) and worst < 1e-3, f"{network}: onnxruntime differs by {worst}")


def relative_error(path, reference, left_out=0.0):
    """Relative L2 error less that share of the largest differences; shapes may differ in dimensions of 1."""
    shape, values = read_npy(path)
    wanted_shape, wanted = read_npy(reference)
    squeezed = [[n for n in s if n != 1] for s in (shape, wanted_shape)]
    if squeezed[0] != squeezed[1]:
        return float("inf")
    squares = sorted((a - b) ** 2 for a, b in zip(values, wanted))
    difference = sum(squares[: len(squares) - int(left_out * len(squares))])
    # The deconvnet of the zebra is zero everywhere in the reference too.
    return (difference / (sum(b * b for b in wanted) or 1)) ** 0.5


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, kind, rows, depth=8):
    """kind: 0 grey, 2 RGB, 4 grey and alpha, 6 RGBA; rows: bytes without filter bytes, or None."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[kind]
    stride = width * channels * depth // 8
    filtered = b"".join(b"\0" + rows[i : i + stride] for i in range(0, len(rows), stride))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(filtered))
        + chunk(b"IEND", b"")
    )


def read_png(path):
    """(width, height, rows of RGB bytes) of an 8-bit PNG; alpha is left out."""
    data = Path(path).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", path
    at, packed, size = 8, b"", None
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            size = struct.unpack(">IIBB", body[:10])
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, colour = size
    assert depth == 8 and colour in (2, 6), size
    channels = 3 if colour == 2 else 4
    rows = unfilter(zlib.decompress(packed), width * channels, height, channels)
    if channels == 4:
        rows = [bytes(v for i, v in enumerate(row) if i % 4 < 3) for row in rows]
    return width, height, rows


def unfilter(data, stride, height, channels):
    rows, above = [], bytes(stride)
    for y in range(height):
        kind = data[y * (stride + 1)]
        row = bytearray(data[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        for x in range(stride):
            left = row[x - channels] if x >= channels else 0
            corner = above[x - channels] if x >= channels else 0
            up = above[x]
            estimate = left + up - corner
            paeth = min((left, up, corner), key=lambda v: abs(estimate - v))
            row[x] = (row[x] + (0, left, up, (left + up) // 2, paeth)[kind]) & 255
        rows.append(bytes(row))
        above = rows[-1]
    return rows


def read_gif(path):
    """(width, height, frames, hundredths of a second per frame); a frame is rows of RGB bytes. Whole frames only."""
    data = Path(path).read_bytes()
    assert data[:6] == b"GIF89a", path
    width, height, flags = struct.unpack("<HHB", data[6:11])
    colours = 2 << (flags & 7)
    table = [data[13 + 3 * i : 16 + 3 * i] for i in range(colours)]
    at, frames, delay = 13 + 3 * colours, [], None

    def blocks(at):
        body = b""
        while data[at]:
            body += data[at + 1 : at + 1 + data[at]]
            at += 1 + data[at]
        return body, at + 1

    while data[at] != 0x3B:
        if data[at] == 0x21:
            body, after = blocks(at + 2)
            if data[at + 1] == 0xF9:
                (delay,) = struct.unpack("<H", body[1:3])
            at = after
        else:
            assert struct.unpack("<HHHHB", data[at + 1 : at + 10]) == (0, 0, width, height, 0)
            body, after = blocks(at + 11)
            pixels = [table[i] for i in unpack_lzw(body, data[at + 10])]
            frames.append([b"".join(pixels[y * width : (y + 1) * width]) for y in range(height)])
            at = after
    return width, height, frames, delay


def unpack_lzw(body, bits):
    """The indices of an image of a GIF, codes of `bits` + 1 and more bits."""
    clear, end = 1 << bits, (1 << bits) + 1
    table, last, out, size, at = [], b"", b"", bits + 1, 0
    stream = int.from_bytes(body, "little")
    while True:
        code = stream >> at & ((1 << size) - 1)
        at += size
        if at % 65536 > 65000:
            stream, at = stream >> at, 0
        if code == end:
            return out
        if code == clear:
            table = [bytes([i]) for i in range(clear)] + [b"", b""]
            last, size = b"", bits + 1
            continue
        entry = table[code] if code < len(table) else last + last[:1]
        out += entry
        if last and len(table) < 4096:
            table.append(last + entry[:1])
            if len(table) == 1 << size and size < 12:
                size += 1
        last = entry
