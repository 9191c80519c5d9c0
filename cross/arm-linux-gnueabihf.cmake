# 32-bit ARM (v7 with VFP): Raspberry Pi 2, BeagleBone, i.MX 6. Debian's armhf.
set(SLUICE_TRIPLET arm-linux-gnueabihf)
set(SLUICE_PROCESSOR armv7l)
set(SLUICE_DEBIAN_ARCH armhf)
set(SLUICE_QEMU qemu-arm)
# Files above 2 GiB, dates after 2038. Debian 12's own libraries still have a 32-bit time_t: none of
# their functions that take one is called. -Wno-psabi: a note about GCC 7 that concerns nobody here.
set(CMAKE_CXX_FLAGS_INIT "-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -Wno-psabi")
include(${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)
