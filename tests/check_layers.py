#!/usr/bin/env python3
"""Fails when an #include or an import points the wrong way.

The layers are those of docs/architecture.md; includes point down only:

    base -> tensor, simd, parallel -> kernels -> ops -> graph -> onnx, image, objective, optim,
         parameterisation, transformation, scene, profile, embed -> network -> techniques, train -> wasm_api, cli

Neighbours in one layer do not include each other, a technique includes no op and no kernel, an op
includes no other op, a view imports no engine file.

    tests/check_layers.py              check src/ and web/
    tests/check_layers.py --self-test  check the checker
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LAYERS = [
    ["base"],
    ["tensor", "simd", "parallel"],
    ["kernels"],
    ["ops"],
    ["graph"],
    ["onnx", "image", "objective", "optim", "parameterisation", "transformation", "scene", "profile", "embed"],
    ["network"],
    ["techniques", "train"],
    ["wasm_api", "cli"],
]
RANK = {unit: rank for rank, layer in enumerate(LAYERS) for unit in layer}

# Reads and writes tensors; it is one unit with tensor.{h,c}.
ALIAS = {"npy": "tensor"}

# What may not be included although it lies below.
FORBIDDEN = {"techniques": {"ops", "kernels"}}

# What a folder of web/ may import from the others. `lit` and other packages count by their name.
WEB = {
    "engine": {"isolation", "gather", "convoscope-loader"},
    "store": {"browser-fs-access", "gifenc", "@noble", "gather"},
    "views": {"store", "lit", "browser-fs-access"},
    "mock": {"engine"},
    "main": {"engine", "store", "views", "mock", "isolation", "host", "opening"},
    "early": {"engine", "isolation", "host", "opening"},
    "opening": set(),
    "host": set(),
    "isolation": set(),
    "gather": set(),
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)
IMPORT = re.compile(
    r"""(?:^|[\s;}])(?:import|export)\s+(?:[\w*{}\s,$]+\s+from\s+)?['"]([^'"]+)['"]"""
    r"""|\bimport\(\s*(?:/\*.*?\*/\s*)?['"]([^'"]+)['"]\s*\)"""
    r"""|\bnew\s+URL\(\s*['"](\.[^'"]+\.m?js)['"]\s*,\s*import\.meta\.url""",
    re.M,
)
COMMENT = re.compile(r"/\*.*?\*/|(?<![:'\"])//[^\n]*", re.S)


def unit_of(path):
    """The unit that a path below src/ or web/ belongs to: its folder, or its stem at the top."""
    parts = Path(path).parts
    name = parts[0] if len(parts) > 1 else Path(parts[0]).stem
    while name not in RANK and "_" in name:
        name = name.rpartition("_")[0]  # optim_lbfgs belongs to optim
    return ALIAS.get(name, name)


def c_fault(source, included):
    """Why `source` may not include `included` (paths below src/), or None."""
    above, below = unit_of(source), unit_of(included)
    for unit in (above, below):
        if unit not in RANK:
            return f"{unit} stands in no layer; add it to docs/architecture.md and to this check"
    if above == below:
        stem = Path(source).stem
        own = {"op", stem, "ops"}  # ops.def is the table itself
        if above == "ops" and Path(included).stem not in own and not is_shared(included):
            return "an op includes no other op"
        return None
    if below in FORBIDDEN.get(above, ()):
        return f"{above} includes nothing of {below}"
    if RANK[below] == RANK[above]:
        return f"{above} and {below} are neighbours and do not include each other"
    # The graph is made of ops: op.h names it, graph.h knows op.h.
    if RANK[below] > RANK[above]:
        return f"{below} lies above {above}"
    return None


def is_shared(included):
    """Helpers that several ops share are headers without a source that defines an op."""
    source = ROOT / "src" / Path(included).with_suffix(".c")
    return not source.exists() or not re.search(r"^const Op\b", source.read_text(), re.M)


def web_fault(source, imported):
    """Why `source` may not import `imported` (a path below web/, or a package name), or None."""
    above = unit_of(source)
    below = unit_of(imported) if imported.endswith((".js", ".mjs")) else imported.split("/")[0]
    if above not in WEB:
        return f"web/{above} stands in no layer; add it to this check"
    if above == below or below in WEB[above]:
        return None
    return f"{above} imports nothing of {below}"


def resolve_include(source, name):
    """The path below src/ that the include names, or None when it is a foreign header."""
    for base in (ROOT / "src", source.parent):
        path = (base / name).resolve()
        if path.is_file() and path.is_relative_to(ROOT / "src"):
            return str(path.relative_to(ROOT / "src"))
    return None


def check_c():
    for source in sorted((ROOT / "src").rglob("*.[ch]")):
        here = str(source.relative_to(ROOT / "src"))
        for name in INCLUDE.findall(source.read_text()):
            target = resolve_include(source, name)
            if target is None:
                yield f'src/{here}: "{name}" is no file of src/; foreign headers take <>'
                continue
            fault = c_fault(here, target)
            if fault:
                yield f"src/{here}: includes {target}: {fault}"


def check_web():
    web = ROOT / "web"
    for source in sorted([*web.rglob("*.js"), *web.rglob("*.mjs")]):
        here = source.relative_to(web)
        if here.parts[0] == "public":
            continue
        for groups in IMPORT.findall(COMMENT.sub("", source.read_text())):
            name = next(filter(None, groups))
            if name.startswith("."):
                target = (source.parent / name.split("?")[0]).resolve()
                if not target.is_file() or not target.is_relative_to(web):
                    yield f"web/{here}: imports {name}, which is no file of web/"
                    continue
                name = str(target.relative_to(web))
            elif ":" in name or name.startswith("/"):
                yield f"web/{here}: imports {name}: only packages and own files"
                continue
            fault = web_fault(str(here), name)
            if fault:
                yield f"web/{here}: imports {name}: {fault}"


def self_test():
    """Each rule must refuse what it is there for."""
    refused = [
        ("base/text.c", "tensor.h"),
        ("kernels/gemm.c", "ops/op.h"),
        ("ops/relu.c", "graph.h"),
        ("graph.c", "onnx/wire.h"),
        ("image/png.c", "onnx/wire.h"),
        ("techniques/fgsm.c", "ops/op.h"),
        ("techniques/fgsm.c", "kernels/gemm.h"),
        ("techniques/fgsm.c", "wasm_api.h"),
        ("simd.h", "tensor.h"),
        ("strange/a.c", "base/text.h"),
    ]
    allowed = [
        ("graph.h", "ops/op.h"),
        ("ops/relu.c", "ops/op.h"),
        ("npy.c", "tensor.h"),
        ("techniques/fgsm.c", "network.h"),
        ("wasm_api.c", "techniques/technique.h"),
    ]
    web_refused = [("views/a.js", "engine/core.js"), ("store/a.js", "lit"), ("engine/a.js", "views/b.js")]
    web_allowed = [("views/a.js", "lit/directives/repeat.js"), ("views/a.js", "store/store.js")]
    faults = [f"must be refused: {pair}" for pair in refused if not c_fault(*pair)]
    faults += [f"must be allowed: {pair}: {c_fault(*pair)}" for pair in allowed if c_fault(*pair)]
    faults += [f"must be refused: {pair}" for pair in web_refused if not web_fault(*pair)]
    faults += [f"must be allowed: {p}: {web_fault(*p)}" for p in web_allowed if web_fault(*p)]
    text = "import { a } from './a.js';\nimport './b.js';\nconst c = await import('./c.js');\n"
    text += "export * from './d.js';\nnew Worker(new URL('./e.js', import.meta.url));"
    found = [next(filter(None, groups)) for groups in IMPORT.findall(text)]
    if found != ["./a.js", "./b.js", "./c.js", "./d.js", "./e.js"]:
        faults.append(f"imports are not all found: {found}")
    return faults


def main():
    faults = self_test()
    if "--self-test" not in sys.argv[1:]:
        faults += [*check_c(), *check_web()]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
