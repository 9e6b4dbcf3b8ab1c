# The front door. `make` alone prints what there is.

.DEFAULT_GOAL := help
.PHONY: help deps native asan fuzzers fuzz wasm site serve test bench check docs gallery format clean FORCE
MAKEFLAGS += --no-print-directory

JOBS ?= 2
PORT ?= 8080
# Of `make fuzz`, for each target. Not ?=: a shell may have a variable of that name.
SECONDS = 60
MODEL ?=
PICTURE ?=
BENCH ?=
ONLY ?=
export CONVOSCOPE_SHARED ?= $(abspath ../shared)

NPM := node_modules/.stamp
EMSDK_ENV := emsdk-config/setup.sh
SITE_SOURCES = $(shell find web models -type f 2>/dev/null) vite.config.js package-lock.json

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make serve PORT=8080 MODEL=FILE.onnx PICTURE=FILE.jpg   opens with these two"

deps: ## install what is missing: Debian packages, npm packages from the lock file
	@tools/deps.sh
	@$(MAKE) $(NPM)

native: ## build build/native/convoscope (optimised for this machine), the library and the tests
	@tools/deps.sh native
	@cmake -S . -B build/native -DCONVOSCOPE_FLAVOUR=native
	@cmake --build build/native -j $(JOBS)

asan: ## build the tests with clang under the address and undefined behaviour sanitizers
	@tools/deps.sh native test
	@cmake -S . -B build/asan -DCONVOSCOPE_FLAVOUR=asan -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	    -DCMAKE_C_COMPILER=clang
	@cmake --build build/asan -j $(JOBS)

fuzzers: # the fuzz targets and their seeds
	@tools/deps.sh native test
	@cmake -S . -B build/fuzz -DCONVOSCOPE_FLAVOUR=fuzz -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	    -DCMAKE_C_COMPILER=clang >/dev/null
	@cmake --build build/fuzz -j $(JOBS)

fuzz: fuzzers ## feed damaged networks to every reader; SECONDS=60 for each target
	@tests/fuzz/run.sh $(SECONDS)

wasm: ## build the WebAssembly modules: with and without threads, with and without relaxed SIMD
	@tools/deps.sh site
	@$(call build_wasm,simd)
	@$(call build_wasm,threads)
	@$(call build_wasm,relaxed)
	@$(call build_wasm,relaxed-threads)

build_wasm = $(EMSDK_ENV) emcmake cmake -S . -B build/wasm/$(1) -DCONVOSCOPE_FLAVOUR=wasm-$(1) >/dev/null \
	&& $(EMSDK_ENV) cmake --build build/wasm/$(1) -j $(JOBS)

site: wasm ## build dist/, the static site, ready for any web host
	@$(MAKE) dist/index.html

# Vite runs again only when something that it reads has changed.
dist/index.html: $(NPM) build/samples/index.json build/pictures/index.json $(wildcard build/wasm/*/convoscope.*) $(SITE_SOURCES)
	@npx vite build --logLevel warn
	@echo "dist/ is ready: $$(du -sh dist | cut -f1)"

build/samples/index.json: tools/samples.sh
	@tools/samples.sh
	@touch $@

# The set of pictures with known classes, drawn by the project itself.
build/pictures/index.json: $(wildcard src/scene/*)
	@$(MAKE) native
	@build/native/convoscope scenes build/pictures --sheets

$(NPM): package-lock.json package.json .npmrc
	@tools/deps.sh site
	@npm ci
	@touch $@

serve: site ## serve the site with the right headers; PORT=8080 MODEL=FILE PICTURE=FILE
	@node tools/serve.mjs --port "$(PORT)" --model "$(MODEL)" --picture "$(PICTURE)"

test: native asan fuzzers site ## everything: native, sanitized, WebAssembly, browsers, checks
	@$(call build_wasm,tests)
	@cmake -S tests/all -B build/test >/dev/null
	@ctest --test-dir build/test --output-on-failure -j $(JOBS)

bench: native site ## the project beside its peers, one table; BENCH='--only resnet18', BENCH=--list
	@tools/deps.sh test
	@node bench/bench.mjs $(BENCH)
	@[ -n "$(BENCH)" ] || /usr/bin/python3 bench/train.py

check: $(NPM) native ## formatting, types, layer directions, documents in step with the tables
	@tools/deps.sh test
	@tools/check.sh

docs: native ## write docs/operators.md and docs/techniques.md from the tables
	@node tools/docs.mjs

gallery: native build/samples/index.json ## make docs/gallery.md: one picture for each technique; ONLY="dream style"
	@tools/deps.sh test
	@/usr/bin/python3 tools/gallery.py $(ONLY)

format: ## format the C sources in place
	@clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## remove everything that was built
	@rm -rf build dist node_modules
