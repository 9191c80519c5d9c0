// A library for LD_PRELOAD that makes the disk of a real, unchanged sluice process misbehave while
// certain files exist in the directory named by SLUICE_DISK_FAULTS:
//   hold-sync   fdatasync and fsync do not return until the file is gone
//   no-space    writes to files fail with ENOSPC
// Only positioned writes are refused, which is how SQLite writes; the log on stderr is left alone.
#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace {

bool active(const char* fault) {
  static const char* const kDirectory = std::getenv("SLUICE_DISK_FAULTS");
  return kDirectory != nullptr &&
         access((std::string(kDirectory) + "/" + fault).c_str(), F_OK) == 0;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

void wait_while_held() {
  while (active("hold-sync")) {
    usleep(2'000);
  }
}

}  // namespace

extern "C" {

int fdatasync(int file) {
  static auto* const kReal = real<int(int)>("fdatasync");
  wait_while_held();
  return kReal(file);
}

int fsync(int file) {
  static auto* const kReal = real<int(int)>("fsync");
  wait_while_held();
  return kReal(file);
}

ssize_t pwrite(int file, const void* from, size_t size, off_t at) {
  static auto* const kReal = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  if (active("no-space")) {
    errno = ENOSPC;
    return -1;
  }
  return kReal(file, from, size, at);
}

ssize_t pwrite64(int file, const void* from, size_t size, off64_t at) {
  static auto* const kReal = real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  if (active("no-space")) {
    errno = ENOSPC;
    return -1;
  }
  return kReal(file, from, size, at);
}

int posix_fallocate(int file, off_t at, off_t size) {
  static auto* const kReal = real<int(int, off_t, off_t)>("posix_fallocate");
  return active("no-space") ? ENOSPC : kReal(file, at, size);
}

int posix_fallocate64(int file, off64_t at, off64_t size) {
  static auto* const kReal = real<int(int, off64_t, off64_t)>("posix_fallocate64");
  return active("no-space") ? ENOSPC : kReal(file, at, size);
}

}  // extern "C"
