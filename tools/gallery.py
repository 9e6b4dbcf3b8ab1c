#!/usr/bin/env python3
"""Makes docs/gallery.md: one picture for each technique, made by the command line. `make gallery`.

The network is SqueezeNet of the shared test data when it is there, else the first bundled one; the specimens
are the sample photographs that the build takes from Debian's scikit-image, and the pictures of `convoscope scenes`.
Needs Debian's python3-pil.

    tools/gallery.py [TECHNIQUE...]     only these; the others keep the picture that they have. `things` is the
                                        section of the bundled network
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageSequence

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = os.environ.get("CONVOSCOPE", str(ROOT / "build/native/convoscope"))
SHARED = Path(os.environ.get("CONVOSCOPE_SHARED", ROOT.parent / "shared"))
SAMPLES = ROOT / "build/samples"
DRAWN = ROOT / "build/drawn"  # its folder `scenes` is a set of pictures that the program draws
IMAGES = ROOT / "docs/images/gallery"
MOST_BYTES = 6_000_000
SIDE = 400  # of a picture in the gallery, in pixels
WIDE = 760  # of a grid or a chart

# The bundled network: classes of it that show well.
THINGS = ROOT / "models/things.onnx"
CLASSES = (13, 21, 36, 44, 193, 34, 188, 113, 170, 154, 124, 9)
CLASS_WORDS = ["--size", "80x80", "--steps", "300", "--jitter", "8"]
COLUMNS, CAPTION = 4, 22  # of its sheet: classes side by side, and pixels for a name

LINES = ("#1f5aa6", "#d95e0d", "#99bde6", "#fabf85")  # of a chart, as src/cli/chart.c draws them
CHART_MARGIN = 24  # as there

QUESTIONS = {
    "see": "What does it see?",
    "why": "Why this answer?",
    "want": "What does it look for?",
    "fool": "Can it be fooled?",
    "paint": "What can it paint?",
    "alike": "Which pictures are alike?",
}

# technique: pictures, further words, the items that are shown (None: the main one), a remark.
# A technique that is not here gets its defaults and the cat.
ENTRIES = json.loads((ROOT / "tools/gallery.json").read_text())


def network():
    squeezenet = SHARED / "data/models/squeezenet1_0.onnx"
    if squeezenet.exists():
        return squeezenet
    bundled = sorted((ROOT / "models").glob("*.onnx"), key=lambda p: -p.stat().st_size)
    bundled = [path for path in bundled if not path.name.startswith("style-")]
    if not bundled:
        sys.exit("gallery: there is no network: set CONVOSCOPE_SHARED, or bundle one in models/")
    return bundled[0]


def specimen(name):
    """The file or folder of a picture that an entry names."""
    if not name.startswith("scenes"):
        return SAMPLES / name
    if not (DRAWN / "scenes").exists():
        DRAWN.mkdir(parents=True, exist_ok=True)
        subprocess.run([PROGRAM, "scenes", str(DRAWN / "scenes")], check=True)
    return DRAWN / name


def run(technique, entry, model, folder):
    """Runs the command; (its JSON, the line that a user would type)."""
    out = folder / ("r.gif" if entry.get("film") else "r.png")
    pictures = [str(specimen(p)) for p in entry["pictures"]]
    words = [technique["id"], str(model), *pictures, *entry["words"]]
    process = subprocess.run(
        [PROGRAM, *words, "--out", str(out), "--json"], capture_output=True, text=True, check=False
    )
    if process.returncode != 0:
        raise RuntimeError(process.stderr.strip())
    typed = [technique["id"], model.name, *entry["pictures"], *entry["words"], "--out", "result" + out.suffix]
    return json.loads(process.stdout), "convoscope " + shlex.join(typed)


def shrink(image, side):
    scale = min(1, side / max(image.size))
    if scale == 1:
        return image
    return image.resize([max(1, round(s * scale)) for s in image.size], Image.LANCZOS)


def font(size):
    """The typeface of names and numbers; PIL's own small one where Debian's fonts-dejavu-core is not installed."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default()


def number_chart(file, item):
    """Puts numbers to the ends of a chart's axes, and below it the names of its lines, each in its colour."""
    chart = Image.open(file).convert("RGB")
    left = 40  # for numbers
    image = Image.new("RGB", (left + chart.width, chart.height + 28), "white")
    image.paste(chart, (left, 0))
    draw = ImageDraw.Draw(image)
    text = {"font": font(12), "fill": "#555555"}
    right, bottom = left + chart.width - CHART_MARGIN, chart.height - CHART_MARGIN
    for share in (0, 0.5, 1):
        y, value = bottom + share * (CHART_MARGIN - bottom), item["low"] + share * (item["high"] - item["low"])
        draw.text((left + CHART_MARGIN - 6, y), f"{value:.2f}", anchor="rm", **text)
    draw.text((left + CHART_MARGIN, bottom + 4), "0", anchor="mt", **text)
    draw.text((right, bottom + 4), str(item["shape"][-1] - 1), anchor="mt", **text)
    at, y = left + CHART_MARGIN, chart.height + 14
    for name, colour in zip(item.get("lines") or [], LINES):
        draw.rectangle((at, y - 2, at + 16, y + 1), fill=colour)
        draw.text((at + 22, y), name, anchor="lm", font=font(12), fill="#222222")
        at += 44 + round(draw.textlength(name, font=font(12)))
    image.save(file)


def smooth(image):
    """JPEG keeps a photograph; what has few colours or hard edges is kept by PNG."""
    return image.convert("RGB").getcolors(4096) is None


def keep(file, to, side):
    """Puts a picture, made smaller, into the gallery; its path."""
    image = Image.open(file)
    if file.suffix == ".gif" and getattr(image, "n_frames", 1) > 1:
        frames = [shrink(f.convert("RGB"), min(side, 256)) for f in ImageSequence.Iterator(image)]
        frames = frames[:: max(1, len(frames) // 40)]
        to = to.with_suffix(".gif")
        few = [f.quantize(128, dither=Image.Dither.FLOYDSTEINBERG) for f in frames]
        few[0].save(to, save_all=True, append_images=few[1:], duration=image.info["duration"], loop=0)
        return to
    alpha = image.mode == "RGBA"
    image = shrink(image if alpha else image.convert("RGB"), side)
    if alpha or not smooth(image):
        to = to.with_suffix(".png")
        image.save(to, optimize=True)
    else:
        to = to.with_suffix(".jpg")
        image.save(to, quality=86, subsampling=0)
    return to


def picture(technique, model):
    """Makes the pictures of one technique; the lines of the gallery."""
    entry = {"pictures": ["chelsea.png"][: technique["pictures"]], "words": [], **ENTRIES.get(technique["id"], {})}
    with tempfile.TemporaryDirectory(prefix="convoscope-gallery-") as folder:
        started = time.monotonic()
        own = ROOT / "models" / entry["network"] if "network" in entry else model
        result, line = run(technique, entry, own, Path(folder))
        seconds = time.monotonic() - started
        drawn = {i["name"]: Path(i["file"]) for i in result["items"] if i["file"]}
        kinds = {i["name"]: i["kind"] for i in result["items"]}
        names = entry.get("items") or [next(n for n, f in drawn.items() if f.stem == "r")]
        for old in IMAGES.iterdir():  # style-image.jpg is of style, style-fast-image.jpg is not
            if old.stem.rpartition("-")[0] == technique["id"]:
                old.unlink()
        kept = []
        curves = {i["name"]: i for i in result["items"] if i["kind"] == "curve"}
        for name in names:
            if name in curves:
                number_chart(drawn[name], curves[name])
            large = kinds[name] not in ("map", "image", "film")
            to = keep(drawn[name], IMAGES / f"{technique['id']}-{name}.x", entry.get("side", WIDE if large else SIDE))
            kept.append(to.name)
    print(f"{technique['id']}: {seconds:.1f} s, {', '.join(kept)}", flush=True)
    return kept, line, entry.get("remark", "")


def things():
    """Draws the kernels and classes of the bundled network; its section of the gallery."""
    side = WIDE // COLUMNS
    rows = -(-len(CLASSES) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * side, rows * (side + CAPTION)), "white")
    draw = ImageDraw.Draw(sheet)
    info = json.loads(subprocess.check_output([PROGRAM, "info", str(THINGS), "--json"]))
    with tempfile.TemporaryDirectory(prefix="convoscope-gallery-") as folder:
        out = Path(folder) / "r.png"
        for place, number in enumerate(CLASSES):
            words = ["class-visualization", str(THINGS), "--target", f"class:{number}", *CLASS_WORDS]
            subprocess.run([PROGRAM, *words, "--out", str(out)], check=True, capture_output=True)
            row, column = divmod(place, COLUMNS)
            left, top = column * side, row * (side + CAPTION)
            sheet.paste(Image.open(out).convert("RGB").resize((side - 4, side - 4), Image.BICUBIC), (left + 2, top + 2))
            draw.text((left + 4, top + side + 2), info["labels"][number], font=font(13), fill="#222222")
        sheet.save(IMAGES / "things-classes.jpg", quality=88, subsampling=0)
        subprocess.run([PROGRAM, "filters", str(THINGS), "--out", str(out)], check=True, capture_output=True)
        Image.open(out).convert("RGB").save(IMAGES / "things-filters.png", optimize=True)


THINGS_SECTION = f"""## The bundled network

What `things.onnx`, which comes with the page and was trained by `convoscope train`, has learnt: the 64 kernels of
its first layer, and what twelve of its two hundred classes want to see, from noise.

![Kernels of the first layer](images/gallery/things-filters.png)

![Classes of things.onnx](images/gallery/things-classes.jpg)

    convoscope filters things.onnx --out result.png
    convoscope class-visualization things.onnx --target class:{CLASSES[0]} {' '.join(CLASS_WORDS)} --out result.png
"""


def section(technique, made):
    kept, line, remark = made
    if " scenes" in line:
        line = f"convoscope scenes scenes\n    {line}"
    shown = " ".join(f"![{technique['title']}](images/gallery/{name})" for name in kept)
    return f"""### {technique['title']}

{technique['sentence']}{' ' + remark if remark else ''}

{shown}

    {line}
"""


def main():
    model = network()
    techniques = json.loads(subprocess.check_output([PROGRAM, "techniques", "--json"]))
    if not (SAMPLES / "chelsea.png").exists():
        sys.exit("gallery: there are no sample photographs: run tools/samples.sh where apt-get works")
    IMAGES.mkdir(parents=True, exist_ok=True)
    notes = IMAGES / "made.json"
    made = json.loads(notes.read_text()) if notes.exists() else {}
    failed = []
    for technique in techniques:
        if sys.argv[1:] and technique["id"] not in sys.argv[1:]:
            continue
        try:
            made[technique["id"]] = picture(technique, model)
        except (RuntimeError, StopIteration, KeyError) as error:
            failed.append(technique["id"])
            print(f"{technique['id']}: {error}", flush=True)
    if not sys.argv[1:] or "things" in sys.argv[1:]:
        things()
    notes.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
    parts = []
    for key, title in QUESTIONS.items():
        group = [section(t, made[t["id"]]) for t in techniques if t["question"] == key and t["id"] in made]
        if group:
            parts.append(f"## {title}\n\n" + "\n".join(group))
    parts.append(THINGS_SECTION)
    (ROOT / "docs/gallery.md").write_text(
        f"""# Gallery

One picture for each technique, with the line that makes it (the pictures here are smaller). The network is
SqueezeNet 1.0 ({model.name}); the photographs are those of Debian's scikit-image: Chelsea the cat by Stéfan van
der Walt, coffee by Rachel Michetti, Eileen Collins by NASA, a Falcon 9 by SpaceX, and textures, all CC0 or in
the public domain. What the techniques are, and what they do not show: [techniques.md](techniques.md). Generated
by `make gallery`.

"""
        + "\n".join(parts)
    )
    size = sum(f.stat().st_size for f in IMAGES.iterdir())
    print(f"gallery: {len(made)} techniques, {size / 1e6:.2f} MB")
    if size > MOST_BYTES:
        failed.append(f"more than {MOST_BYTES / 1e6:.0f} MB")
    if failed:
        sys.exit(f"gallery: failed: {', '.join(failed)}")


main()
