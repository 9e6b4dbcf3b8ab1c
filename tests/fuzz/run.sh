#!/usr/bin/env bash
# Runs the fuzz targets, each for so many seconds, and ends with 1 where one of them reports.
#
#   tests/fuzz/run.sh SECONDS [TARGET...]     targets: wire import graph; default: all
#
# FUZZ_SEED=N makes a run that starts from the seeds alone and leaves no corpus, as `make test` does.
# What was found lies in build/fuzz/found; build/fuzz/tests/fuzz/fuzz_TARGET FILE repeats it.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:?how many seconds}
shift
targets=${*:-wire import graph}
build=build/fuzz
shared=${CONVOSCOPE_SHARED:-../shared}
seeds=$build/seeds

mkdir -p "$seeds" "$build/found"
"$build/tests/fuzz/fuzz_seeds" "$seeds"
# The conformance cases of single operators, under the names of their folders.
for model in "$shared"/data/onnx-ops/*/model.onnx; do
    if [ -e "$model" ]; then ln -sf "$(realpath "$model")" "$seeds/$(basename "$(dirname "$model")").onnx"; fi
done

# An allocation that is too large fails, as it does elsewhere, rather than end the program.
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1
status=0
for target in $targets; do
    # The limit is of the clock, and the machine may be busy: 1 GiB of one constant took 21 s there, 1.4 s alone.
    options=(-max_total_time="$seconds" -timeout=100 -rss_limit_mb=3000 -malloc_limit_mb=4000 -max_len=65536
        -print_final_stats=1 -verbosity=1 -artifact_prefix="$build/found/$target-")
    if [ -n "${FUZZ_SEED:-}" ]; then
        corpus=$(mktemp -d)
        trap 'rm -rf "$corpus"' EXIT
        options+=(-seed="$FUZZ_SEED")
    else
        corpus=$build/corpus/$target
        mkdir -p "$corpus"
    fi
    log=$build/$target.log
    result=passed
    "$build/tests/fuzz/fuzz_$target" "${options[@]}" "$corpus" "$seeds" >"$log" 2>&1 || result=FAILED
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz_$target: $result, ${runs:-?} executions, $(find "$corpus" -type f | wc -l) files in the corpus"
    if [ $result = FAILED ]; then
        grep -E -A12 'ERROR|runtime error|SUMMARY' "$log" | head -40
        status=1
    fi
done
exit $status
