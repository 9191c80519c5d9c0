#include "uplink/file_state.h"

#include "uplink/file_handle.h"

#include <cerrno>
#include <fstream>
#include <ios>
#include <sstream>
#include <string_view>

namespace sluice {

namespace {

constexpr std::string_view kHead = "sluice file sink 1";

bool read_fields(std::istream& text, FileState& state) {
  std::string head;
  std::getline(text, head);
  std::string name;
  if (head != kHead || !(text >> name >> state.agent) || name != "agent" ||
      !(text >> name >> std::hex >> state.epoch >> std::dec) || name != "epoch" ||
      !(text >> name >> state.next_number) || name != "next") {
    return false;
  }
  while (text >> name && name == "range") {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (!(text >> first >> last)) {
      return false;
    }
    state.written.add(Sequence(first), Sequence(last));
  }
  return name == "end";
}

}  // namespace

Result<FileState> load_file_state(const std::string& path) {
  errno = 0;
  std::ifstream text(path);
  if (!text) {
    if (errno != ENOENT) {
      return file_error("open", path, errno);
    }
    return FileState{};
  }
  FileState state;
  if (!read_fields(text, state)) {
    const std::uint64_t number = state.next_number;
    state = {};
    state.next_number = number;
  }
  return state;
}

Status store_file_state(const std::string& path, const std::string& directory,
                        const FileState& state) {
  std::ostringstream text;
  text << kHead << "\nagent " << state.agent << "\nepoch " << std::hex << state.epoch << std::dec
       << "\nnext " << state.next_number << '\n';
  for (const auto& [first, last] : state.written.ranges()) {
    text << "range " << first << ' ' << last << '\n';
  }
  text << "end\n";
  const std::string fresh = path + ".new";
  {
    const auto file = FileHandle::open(fresh);
    if (!file) {
      return file.error();
    }
    if (Status emptied = file->truncate(0); !emptied) {
      return emptied;
    }
    if (Status written = file->write_at(0, text.str()); !written) {
      return written;
    }
    if (Status synced = file->sync(); !synced) {
      return synced;
    }
  }
  if (Status renamed = rename_file(fresh, path); !renamed) {
    return renamed;
  }
  return sync_folder(directory);
}

}  // namespace sluice
