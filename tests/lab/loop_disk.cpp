#include "tests/lab/loop_disk.h"

#include "tests/support/process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace sluice::lab {

namespace {

using testing_support::Process;

constexpr std::uint64_t kSector = 512;  // the unit of the kernel's figures, whatever the device's
constexpr int kSectorsWritten = 6;      // fields in front of it

void run(const std::vector<std::string>& arguments, const std::string& log) {
  Process process({.arguments = arguments, .output = log, .environment = {}});
  if (process.wait(std::chrono::minutes(1)) != 0) {
    std::ostringstream said;
    said << std::ifstream(log).rdbuf();
    throw std::runtime_error(arguments[0] + " failed: " + said.str());
  }
}

// Other processes do not see what is mounted here, and it goes away with ours.
void leave_the_mounts_of_others_alone() {
  if (geteuid() != 0) {
    throw std::runtime_error(
        "this measurement mounts a file system of its own: run it as root, on a machine that has "
        "loop devices");
  }
  if (unshare(CLONE_FS | CLONE_NEWNS) != 0 ||
      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot have mounts of our own");
  }
}

// "/dev/loop3" of what is mounted there.
std::string device_of(const std::string& mount_point) {
  std::ifstream mounts("/proc/self/mounts");
  std::string found;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string device;
    std::string where;
    fields >> device >> where;
    if (where == mount_point) {
      found = device;
    }
  }
  return found;
}

}  // namespace

LoopDisk::LoopDisk(const std::string& directory, std::uint64_t mebibytes) {
  leave_the_mounts_of_others_alone();
  std::filesystem::create_directories(directory + "/disk");
  mount_point_ = std::filesystem::canonical(directory + "/disk");
  const std::string image = directory + "/disk.img";
  const std::string log = directory + "/disk.log";
  std::ofstream(image).close();
  std::filesystem::resize_file(image, mebibytes * 1024 * 1024);
  run({"/usr/sbin/mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image},
      log);
  run({"mount", "-o", "loop,noatime", image, mount_point_}, log);
  const std::string device = std::filesystem::path(device_of(mount_point_)).filename();
  statistics_ = "/sys/block/" + device + "/stat";
  if (device.empty() || !std::filesystem::exists(statistics_)) {
    throw std::runtime_error("the kernel has no figures for the device of " + mount_point_);
  }
}

LoopDisk::~LoopDisk() {
  umount2(mount_point_.c_str(), MNT_DETACH);
}

std::uint64_t LoopDisk::written_bytes() const {
  const int directory = ::open(mount_point_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0 || syncfs(directory) != 0) {
    throw std::system_error(errno, std::generic_category(), mount_point_);
  }
  close(directory);
  std::ifstream statistics(statistics_);
  std::uint64_t sectors = 0;
  for (int field = 0; field <= kSectorsWritten; ++field) {
    statistics >> sectors;
  }
  if (!statistics) {
    throw std::runtime_error("cannot read " + statistics_);
  }
  return sectors * kSector;
}

}  // namespace sluice::lab
