#!/usr/bin/env python3
"""Bad input on the command line: one sentence on standard error, the right exit status, no output file.

    tests/cli/test_bad_input.py [WORD]     only the cases with that word in their name
"""

import os
import resource
import sys
from pathlib import Path

import support
from support import MODEL, ZEBRA, check, finish, folder, png, run

only = sys.argv[1] if len(sys.argv) > 1 else ""


def field(number, payload):
    """A field of protobuf's wire format: a number or bytes."""
    if isinstance(payload, int):
        return bytes([number << 3, payload])
    return bytes([number << 3 | 2, len(payload)]) + payload


def unsupported_model():
    """x -> Gryphon 'e1', which never will be an operator, -> LSTM 'l1' -> y, written by hand."""
    erf = field(1, b"x") + field(2, b"a") + field(3, b"e1") + field(4, b"Gryphon")
    lstm = field(1, b"a") + field(2, b"y") + field(3, b"l1") + field(4, b"LSTM")
    shape = b"".join(field(1, field(1, n)) for n in (1, 3, 8, 8))
    tensor = field(1, 1) + field(2, shape)
    value = field(1, b"x") + field(2, field(1, tensor))
    graph = field(1, erf) + field(1, lstm) + field(2, b"g") + field(11, value)
    graph += field(12, field(1, b"y"))
    return field(1, 7) + field(7, graph) + field(8, field(1, b"") + field(2, 13))


def cases(here, model, picture):
    """(name, words, exit status, what the sentence must say). Those with the model in them need it."""
    out = here / "out.png"
    first = model.read_bytes() if model.exists() else b""
    write = lambda name, data: (here / name).write_bytes(data) and here / name  # noqa: E731
    missing = here / "missing.onnx"
    # A header that says 20,000 x 20,000, with next to no pixels behind it.
    huge = write("huge.png", png(20000, 20000, 2, bytes(60000)))
    text = write("text.jpg", b"this is no picture at all\n")
    html = write("page.onnx", b"<!DOCTYPE html><html><body>404 not found</body></html>")
    keras = write("net.h5", b"\x89HDF\r\n\x1a\n" + bytes(600))
    torch = write("net.pth", b"PK\x03\x04" + b"\0" * 26 + b"archive/data.pkl" + bytes(600))
    pointer = write(
        "pointer.onnx",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n",
    )
    empty = here / "empty.onnx"
    empty.write_bytes(b"")
    noise = write("noise.onnx", bytes(range(256)) * 8)
    array = write("short.npy", b"\x93NUMPY\x01\x00")
    broken_json = here / "copy.json"

    yield "no such model", ["info", missing], 1, "missing.onnx"
    yield "html model", ["info", html], 1, "HTML"
    yield "keras model", ["info", keras], 1, "net.h5"
    yield "pytorch model", ["info", torch], 1, "net.pth"
    yield "lfs pointer", ["classify", pointer, picture], 1, "LFS"
    yield "empty model", ["info", empty], 1, "empty"
    yield "noise model", ["info", noise], 1, "noise.onnx"
    yield "folder as model", ["info", here], 1, "irectory"
    yield "bundled model", ["info", "nonesuch"], 1, "nonesuch"
    lacking = write("lacking.onnx", unsupported_model())
    yield "missing operator", ["classify", lacking, picture], 1, "lacking.onnx': node 'e1' needs"
    yield "missing operator, run", ["run", lacking, picture], 1, "Gryphon"
    yield "missing operator, technique", ["gradcam", lacking, picture, "--out", out], 1, "Gryphon"
    yield "picture as model", ["info", picture], 1, "PNG"
    yield "unknown command", ["nonesuch"], 2, "nonesuch"
    yield "unknown option", ["info", missing, "--nonesuch"], 2, "--nonesuch"
    yield "one dash", ["info", "-x"], 2, "-x"
    yield "no model", ["info"], 2, "MODEL"
    yield "too much", ["info", missing, "b"], 2, "'b'"
    yield "no value", ["classify", missing, picture, "--top"], 2, "--top"
    yield "unknown parameter", ["occlusion", missing, picture, "--nonesuch", "3"], 2, "--nonesuch"
    yield "no picture given", ["occlusion", missing, "--out", out], 2, "picture"
    yield "one picture for two", ["style", missing, picture, "--out", out], 2, "2 pictures"
    yield "no output given", ["occlusion", missing, picture], 2, "--out"
    yield "no input given", ["run", missing], 2, "--input"
    yield "bad top", ["classify", missing, picture, "--top", "many"], 1, "--top"

    if not first:
        return
    for share in (2, 3, 10, 1000):
        cut = write(f"cut{share}.onnx", first[: len(first) // share])
        yield f"truncated model {share}", ["info", cut], 1, f"cut{share}.onnx"
    (here / "copy.onnx").write_bytes(first)
    yield "no such picture", ["classify", model, here / "missing.png"], 1, "missing.png"
    yield "text as picture", ["classify", model, text], 1, "text.jpg"
    yield "model as picture", ["classify", model, model], 1, "JPEG or PNG"
    yield "huge picture", ["classify", model, huge], 1, "20000 x 20000"
    yield "huge for technique", ["occlusion", model, huge, "--out", out], 1, "megapixels"
    yield "empty folder", ["classify", model, here / "nothing"], 1, "nothing"
    yield "bad size", ["classify", model, picture, "--size", "0x7"], 1, "size"
    yield "bad std", ["classify", model, picture, "--std", "0"], 1, "std"
    yield "bad channels", ["classify", model, picture, "--channels", "GRAY"], 1, "channels"
    yield "bad threads", ["classify", model, picture, "--threads", "0"], 1, "--threads"
    yield "bad labels", ["classify", model, picture, "--labels", here / "none.txt"], 1, "none.txt"
    yield "no such class", ["gradient", model, picture, "--target", "class:1000"], 1, "1000"
    yield "no such label", ["gradient", model, picture, "--target", "class:gryphon"], 1, "gryphon"
    yield "no such node", ["gradient", model, picture, "--target", "layer:nowhere"], 1, "nowhere"
    yield "bad spec", ["gradient", model, picture, "--target", "everything"], 1, "everything"
    yield "bad rule", ["gradient", model, picture, "--rule", "golden"], 1, "golden"
    yield "class in technique", (
        ["occlusion", model, picture, "--target", "class:-1", "--out", out]
    ), 1, "-1"
    yield "out of range", (
        ["occlusion", model, picture, "--patch", "100000", "--out", out]
    ), 1, "patch"
    yield "no number", ["occlusion", model, picture, "--patch", "big", "--out", out], 1, "patch"
    yield "no choice", ["gradient", model, picture, "--view", "x", "--out", out], 1, "view"
    yield "no layer", ["gradcam", model, picture, "--layer", "nowhere", "--out", out], 1, "nowhere"
    yield "not png", ["occlusion", model, picture, "--out", here / "out.jpg"], 1, "PNG"
    yield "no folder", ["occlusion", model, picture, "--out", here / "no/x.png"], 1, "no/x.png"
    yield "folder as output", ["occlusion", model, picture, "--out", here], 1, str(here)
    yield "output below a file", ["run", model, picture, "--out", text / "y.npy"], 1, "y.npy"
    yield "dump below a file", ["run", model, picture, "--dump", text / "d"], 1, "text.jpg"
    yield "overlay", ["gradcam", model, picture, "--overlay", "2", "--out", out], 1, "overlay"
    yield "two inputs", ["run", model, picture, "--input", array], 1, "input"
    yield "bad array", ["run", model, "--input", array], 1, "short.npy"
    broken_json.write_text("{ size: 227x227 ")
    yield "broken sidecar", ["info", here / "copy.onnx"], 1, "copy.json"
    broken_json.write_text('{"size": "227 by 227"}')
    yield "wrong sidecar", ["info", here / "copy.onnx"], 1, "227 by 227"


def main():
    with folder() as name:
        here = Path(name)
        (here / "nothing").mkdir()
        picture = here / "picture.png"
        picture.write_bytes(png(8, 8, 2, bytes(range(192))))
        count = 0
        for title, words, status, word in cases(here, MODEL, picture):
            if only not in title:
                continue
            count += 1
            before = sorted(p.name for p in here.iterdir())
            process = run(*words)
            lines = process.stderr.strip().split("\n")
            check(process.returncode == status, f"{title}: exit {process.returncode}, not {status}")
            check(len(lines) == 1, f"{title}: not one line: {process.stderr}")
            check(lines[0].startswith("convoscope: "), f"{title}: {lines[0]}")
            check(word in lines[0], f"{title}: says nothing of {word}: {lines[0]}")
            check(process.stdout == "", f"{title}: printed {process.stdout[:80]}")
            after = sorted(p.name for p in here.iterdir())
            check(before == after, f"{title}: left {set(after) - set(before)}")
            if os.environ.get("VERBOSE"):
                print(f"{title}: {lines[0]}")
        unwritable(here, picture)
        out_of_memory(here, picture)
        if (here / "lacking.onnx").exists():
            text = run("info", here / "lacking.onnx")
            rows = [line.split()[:3] for line in text.stdout.splitlines()]
            listed = ["e1", "Gryphon", "13"] in rows and ["l1", "LSTM", "13"] in rows
            check(text.returncode == 0 and listed, f"info does not list what is missing: {text.stdout}")
        print(f"{count} cases")
    finish("" if MODEL.exists() and ZEBRA.exists() else f"what needs {MODEL}")


def out_of_memory(here, picture):
    """With 400 MB of address space; the sanitizers need more for themselves, so that they are let off."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))

    if run("--version", preexec_fn=limit).returncode != 0 or not MODEL.exists():
        return
    out = here / "out.png"
    for words in (
        ["classify", MODEL, picture, "--size", "3000x3000"],
        ["gradient", MODEL, picture, "--size", "2000x2000"],
        ["occlusion", MODEL, picture, "--size", "3000x3000", "--out", out],
    ):
        process = run(*words, "--threads", "1", preexec_fn=limit)
        check(process.returncode == 1, f"{words[0]} without memory: exit {process.returncode}")
        told = process.stderr.startswith("convoscope: ") and "not enough memory" in process.stderr
        check(told, f"{words[0]} without memory: {process.stderr}")
        check(not out.exists(), f"{words[0]} without memory left a file")


def unwritable(here, picture):
    """A folder without permission; root may write everywhere, so it is not tested there."""
    if os.geteuid() == 0 or not MODEL.exists():
        return
    closed = here / "closed"
    closed.mkdir(mode=0o500)
    process = run("gradcam", MODEL, picture, "--out", closed / "x.png")
    check(process.returncode == 1 and "closed/x.png" in process.stderr, "unwritable folder")


if __name__ == "__main__":
    assert Path(support.PROGRAM).exists(), f"{support.PROGRAM} is not there: run make native"
    main()
