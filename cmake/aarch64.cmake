# Toolchain file: 64-bit Arm Linux on a Debian 12 machine of another kind. `./dev test-arm` installs
# the compiler and QEMU, and unpacks Debian's arm64 libraries into build/arm/sysroot.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CXX_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(LLD OFF)  # GCC as a cross compiler does not find lld

get_filename_component(sysroot ${CMAKE_CURRENT_LIST_DIR}/../build/arm/sysroot ABSOLUTE)
set(CMAKE_FIND_ROOT_PATH ${sysroot} /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${sysroot})
set(ENV{PKG_CONFIG_LIBDIR} ${sysroot}/usr/lib/aarch64-linux-gnu/pkgconfig)
# -Wno-psabi: notes about an ABI change of GCC 10, of which nothing older is linked
set(CMAKE_CXX_FLAGS_INIT "-isystem ${sysroot}/usr/include -Wno-psabi")
set(Boost_USE_STATIC_LIBS ON)

# A CPU that exists (Raspberry Pi 5), so that an instruction beyond it is found. QEMU's timing says
# nothing about speed.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -cpu cortex-a76 -L /usr/aarch64-linux-gnu)
