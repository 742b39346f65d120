# What makes a fault harder to exploit, in builds that are optimized and not instrumented (a sanitizer finds
# more, and does not go along with them). tests/hardening_test.py reads from the built program that all of it is
# there; docs/security.md says what it is for, docs/performance.md what it costs.
if(QAIO_SANITIZE OR QAIO_FUZZ OR NOT CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$")
  return()
endif()

# Lengths that the compiler knows are checked where the C library copies, formats and reads.
add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
# A return address that was written over ends the program; the stack does not jump over its guard page.
add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-fstack-protector-strong;-fstack-clash-protection>")
# Indirect jumps end where one may, and returns where they came from, on processors that check it.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-fcf-protection=full)
  add_link_options(-Wl,-z,shstk)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  add_compile_options(-mbranch-protection=standard)
endif()
# The program lies at another address each time; what the loader filled in is read-only before main().
add_compile_options(-fPIE)
add_link_options(-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
