#!/usr/bin/env python3
"""SqueezeNet on 1,000 photographs, one per ImageNet class, in one process.

The figures are those of an independent implementation (PyTorch, pictures decoded with libjpeg) on the middle
227 x 227 of each photograph: 61.1 % right, 83.5 % within the first five. Sorted by name the photographs are in
the order of the class index.
"""

from support import MODEL, SHARED, check, finish, near, need_shared, run_json

need_shared()
photos = SHARED / "data/photos"
if not photos.is_dir():
    finish(f"no {photos}")
results = run_json("classify", MODEL, photos, "--top", "5", timeout=590)
if results is not None and check(len(results) == 1000, f"{len(results)} results"):
    classes = [[p["class"] for p in result["predictions"]] for result in results]
    top1 = sum(names[0] == i for i, names in enumerate(classes)) / 10
    top5 = sum(i in names for i, names in enumerate(classes)) / 10
    print(f"top 1: {top1:.1f} %, top 5: {top5:.1f} %")
    near(top1, 61.1, 0.3, "top 1")
    near(top5, 83.5, 0.3, "top 5")
    labels = [result["predictions"][0]["label"] for result in results]
    check(all(labels), "a class without a label")
finish()
