# Warnings, hardening and instrumentation for every target of the tree.
add_compile_definitions(_GNU_SOURCE EXFILD_VERSION="${PROJECT_VERSION}")
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wformat=2
  -Wconversion -Wsign-conversion -Wvla -Walloca -Wimplicit-fallthrough
  -Wredundant-decls -Wdate-time -ffp-contract=off -fvisibility=hidden -fno-strict-aliasing)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  # -Wdouble-promotion: clang complains of NAN, which is a float in the C library's header
  add_compile_options(-Wformat-signedness -Wlogical-op -Wduplicated-cond -Wtrampolines
    -Wdouble-promotion)
endif()
if(EXFILD_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
    -fstack-clash-protection)
  add_link_options(-Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()
if(EXFILD_SANITIZE)
  add_compile_options(-fsanitize=${EXFILD_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${EXFILD_SANITIZE})
endif()
if(EXFILD_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(EXFILD_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  # a hundred test programs link the same objects: they do so without the slow optimisation
  add_compile_options(-ffat-lto-objects)
endif()
