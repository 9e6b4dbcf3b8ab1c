# The front door. `make` alone prints what there is.

.DEFAULT_GOAL := help
.PHONY: help native
MAKEFLAGS += --no-print-directory

JOBS ?= 2

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

native: ## build/native/convoscope, the library and the native tests
	@cmake -S . -B build/native -DCONVOSCOPE_FLAVOUR=native
	@cmake --build build/native -j $(JOBS)
