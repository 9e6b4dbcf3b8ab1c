# Every compiler flag of the project, each with its reason. See README.md in this folder for what was
# found by trying.

set(CONVOSCOPE_COMPILE_FLAGS
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes)
set(CONVOSCOPE_LINK_FLAGS)

# Warnings break the build where nobody would read them.
if("$ENV{CI}" STREQUAL "true")
  list(APPEND CONVOSCOPE_COMPILE_FLAGS -Werror)
endif()

# The assertions state what the programmer owes; they stay on in the tests, where they are read, and
# go in the optimised builds (CMake's Release adds -DNDEBUG).

if(CONVOSCOPE_FLAVOUR STREQUAL "native")
  set(CMAKE_C_FLAGS_RELEASE "-O3 -DNDEBUG")
  # The vector unit of the machine that builds. Contraction of a * b + c stays at the compiler's default,
  # on: fused multiply-add doubles the speed of the matrix kernels.
  list(APPEND CONVOSCOPE_COMPILE_FLAGS -march=native)

elseif(CONVOSCOPE_FLAVOUR STREQUAL "asan")
  # Reading or writing outside memory, and undefined arithmetic, end the test at once.
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
  # -O1 keeps the sweeps of the op tests short; frame pointers make the reports readable.
  list(APPEND CONVOSCOPE_COMPILE_FLAGS ${sanitizers} -O1 -g -fno-omit-frame-pointer)
  list(APPEND CONVOSCOPE_LINK_FLAGS ${sanitizers})

elseif(CONVOSCOPE_FLAVOUR STREQUAL "fuzz")
  # As under the sanitizers, with coverage told to libFuzzer; the targets themselves bring its main().
  set(sanitizers -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all)
  list(APPEND CONVOSCOPE_COMPILE_FLAGS ${sanitizers} -O1 -g -fno-omit-frame-pointer)
  list(APPEND CONVOSCOPE_LINK_FLAGS ${sanitizers})

elseif(EMSCRIPTEN)
  set(CMAKE_C_FLAGS_RELEASE "-O3 -DNDEBUG")
  set(CMAKE_EXECUTABLE_SUFFIX ".js")
  # 128-bit vectors: every browser of the last four years has them. simd.h depends on it.
  list(APPEND CONVOSCOPE_COMPILE_FLAGS -msimd128)
  # emcc cannot take /usr/include as a whole; the one folder of stb headers is linked in here.
  list(APPEND CONVOSCOPE_COMPILE_FLAGS -isystem "${CMAKE_BINARY_DIR}/include")
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/include")
  file(CREATE_LINK /usr/include/stb "${CMAKE_BINARY_DIR}/include/stb" SYMBOLIC)

  if(CONVOSCOPE_FLAVOUR MATCHES "relaxed")
    # Fused multiply-add. tools/relax.mjs turns the draft's opcode, which this clang writes, into the standard's.
    list(APPEND CONVOSCOPE_COMPILE_FLAGS -mrelaxed-simd)
  endif()

  if(CONVOSCOPE_FLAVOUR MATCHES "threads")
    # Shared memory and atomics. The pool of workers is started by the page's engine, not at start-up.
    list(APPEND CONVOSCOPE_COMPILE_FLAGS -pthread)
    # The warning says that views on memory may be stale after growth; the engine makes them per call.
    list(APPEND CONVOSCOPE_LINK_FLAGS -pthread -Wno-pthreads-mem-growth)
  endif()

  # What the shipped modules are linked with.
  set(CONVOSCOPE_MODULE_FLAGS
    -O3
    # No main(): the exports are the functions marked EMSCRIPTEN_KEEPALIVE in src/wasm_api.c.
    --no-entry
    # An ES module whose default export makes an instance; a worker imports it.
    -sMODULARIZE -sEXPORT_ES6 -sEXPORT_NAME=createModule
    # It only ever runs in a worker: the glue for pages and for Node stays out.
    -sENVIRONMENT=worker
    # A network and its activations are announced, then allocated: memory grows up to what a 32-bit
    # address reaches, and malloc returns NULL beyond it.
    -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=4GB
    # Files come as bytes from JavaScript.
    -sFILESYSTEM=0
    # Buffers are made and freed by the engine.
    -sEXPORTED_FUNCTIONS=_malloc,_free
    # Deep enough for the frames of the kernels, small enough for every thread to have one.
    -sTOTAL_STACK=1MB
    # Binaryen would move a function with one caller into it, whatever its size. A browser compiles for speed, as a
    # whole, each function with a hot loop: what is long beside such loops then keeps them waiting.
    -sBINARYEN_EXTRA_PASSES=--one-caller-inline-max-function-size=40)
  if(CONVOSCOPE_FLAVOUR MATCHES "threads")
    # PThread: the engine starts the workers with a time limit. wasmMemory: the buffer of the moment.
    list(APPEND CONVOSCOPE_MODULE_FLAGS
      -sEXPORTED_RUNTIME_METHODS=HEAPU8,wasmMemory,PThread -sDEFAULT_PTHREAD_STACK_SIZE=1MB
      --js-library "${CMAKE_SOURCE_DIR}/emsdk-config/no-canvas.js")
  else()
    list(APPEND CONVOSCOPE_MODULE_FLAGS -sEXPORTED_RUNTIME_METHODS=HEAPU8)
  endif()

  # The tests of ops and kernels, run by Node: they may read files and the environment. The glue is
  # CommonJS, which the nearest package.json has to say.
  file(WRITE "${CMAKE_BINARY_DIR}/package.json" "{ \"type\": \"commonjs\" }\n")
  set(CONVOSCOPE_TEST_LINK_FLAGS
    -O2 -sMODULARIZE -sENVIRONMENT=node -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=4GB -sNODERAWFS
    -sEXIT_RUNTIME -sEXPORTED_RUNTIME_METHODS=ENV -sEXPORTED_FUNCTIONS=_main,_getenv)
endif()
