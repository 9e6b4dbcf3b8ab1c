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

elseif(EMSCRIPTEN)
  set(CMAKE_C_FLAGS_RELEASE "-O3 -DNDEBUG")
  # 128-bit vectors: every browser of the last four years has them. simd.h depends on it.
  list(APPEND CONVOSCOPE_COMPILE_FLAGS -msimd128)
  # emcc cannot take /usr/include as a whole; set-up links the one folder of stb headers in here.
  list(APPEND CONVOSCOPE_COMPILE_FLAGS -isystem "${CMAKE_BINARY_DIR}/include")
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/include")
  file(CREATE_LINK /usr/include/stb "${CMAKE_BINARY_DIR}/include/stb" SYMBOLIC)
endif()
