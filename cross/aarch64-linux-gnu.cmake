# 64-bit ARM: Raspberry Pi 3 and later, i.MX 8, most gateways. Debian's arm64.
set(SLUICE_TRIPLET aarch64-linux-gnu)
set(SLUICE_PROCESSOR aarch64)
set(SLUICE_DEBIAN_ARCH arm64)
set(SLUICE_QEMU qemu-aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)
