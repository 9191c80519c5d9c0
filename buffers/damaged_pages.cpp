#include "buffers/damaged_pages.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>
#include <utility>

namespace sluice {

namespace {

// The log: a header, then frames, each a header and a page. See "WAL File Format" in SQLite's
// file format description.
constexpr std::size_t kLogHeader = 32;
constexpr std::size_t kFrameHeader = 24;
constexpr std::size_t kFrame = kFrameHeader + kRawPageSize;
constexpr std::uint32_t kLittleEndianMagic = 0x377f0682;
constexpr std::uint32_t kBigEndianMagic = 0x377f0683;

// SQLite's own limit.
constexpr std::uint32_t kHighestPage = 0xFFFFFFFE;

class ReadOnlyFile {
 public:
  ReadOnlyFile() = default;
  ~ReadOnlyFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  ReadOnlyFile(const ReadOnlyFile&) = delete;
  ReadOnlyFile& operator=(const ReadOnlyFile&) = delete;

  // A file that does not exist has no bytes.
  Status open(const std::string& path) {
    path_ = path;
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) {
      return errno == ENOENT ? Status() : failure("open");
    }
    struct stat state {};
    if (::fstat(descriptor_, &state) != 0) {
      return failure("look at");
    }
    size_ = static_cast<std::uint64_t>(state.st_size);
    return {};
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }

  // Up to the end of the file; returns how many bytes there were. A sector that the disk cannot
  // read is damage like any other, and counts as zeros.
  Result<std::size_t> read(std::uint64_t offset, std::span<unsigned char> into) const {
    std::ranges::fill(into, static_cast<unsigned char>(0));
    std::size_t done = 0;
    while (descriptor_ >= 0 && done < into.size()) {
      const ssize_t got = ::pread(descriptor_, into.data() + done, into.size() - done,
                                  static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0 && errno == EIO) {
        return into.size();
      }
      if (got < 0) {
        return failure("read").error();
      }
      if (got == 0) {
        break;
      }
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

 private:
  [[nodiscard]] Status failure(const char* doing) const {
    return Error{Reaction::Retry, std::string("cannot ") + doing + " " + path_ + ": " +
                                      std::generic_category().message(errno)};
  }

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

// The checksum of the log: of each frame with the one before as its start.
struct LogChecksum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  void add(std::span<const unsigned char> bytes, bool big_endian) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first += word(bytes.data() + at, big_endian) + second;
      second += word(bytes.data() + at + 4, big_endian) + first;
    }
  }
  friend bool operator==(const LogChecksum&, const LogChecksum&) = default;

 private:
  static std::uint32_t word(const unsigned char* bytes, bool big_endian) {
    const std::uint32_t value = big_endian_32(bytes);
    return big_endian ? value : __builtin_bswap32(value);
  }
};

LogChecksum stored_checksum(const unsigned char* bytes) {
  return {big_endian_32(bytes), big_endian_32(bytes + 4)};
}

struct Frame {
  std::uint32_t page = 0;
  std::uint32_t number = 0;
  PageVersion::Source source = PageVersion::Source::OldLog;
};

std::uint64_t offset_of(const Frame& frame) {
  return kLogHeader + std::uint64_t{frame.number} * kFrame + kFrameHeader;
}

bool believed_before(const Frame& left, const Frame& right) {
  if (left.source != right.source) {
    return left.source < right.source;
  }
  return left.number > right.number;
}

// Reads the log from its beginning to its end once.
class LogScan {
 public:
  explicit LogScan(const ReadOnlyFile& log) : log_(log) {}

  Result<std::vector<Frame>> frames() {
    if (Status begun = read_header(); !begun) {
      return begun.error();
    }
    std::vector<unsigned char> bytes(kFrame);
    const std::uint64_t count = log_.size() > kLogHeader ? (log_.size() - kLogHeader) / kFrame : 0;
    for (std::uint64_t number = 0; number < count; ++number) {
      const auto got = log_.read(kLogHeader + number * kFrame, bytes);
      if (!got) {
        return got.error();
      }
      take(static_cast<std::uint32_t>(number), bytes);
    }
    end_last_transaction();
    return std::move(frames_);
  }

  // Frames with this number and higher ones are not read by SQLite.
  [[nodiscard]] std::uint32_t end_for_sqlite() const { return end_for_sqlite_; }
  [[nodiscard]] bool has_bad_header() const { return has_bad_header_; }

 private:
  Status read_header() {
    std::array<unsigned char, kLogHeader + kFrameHeader> bytes{};
    const auto got = log_.read(0, bytes);
    if (!got) {
      return got.error();
    }
    const std::uint32_t magic = big_endian_32(bytes.data());
    big_endian_ = magic == kBigEndianMagic ||
                  (magic != kLittleEndianMagic && std::endian::native == std::endian::big);
    LogChecksum checksum;
    checksum.add(std::span(bytes).first(24), big_endian_);
    const bool known = (magic == kLittleEndianMagic || magic == kBigEndianMagic) &&
                       checksum == stored_checksum(bytes.data() + 24);
    has_bad_header_ = !known && std::any_of(bytes.begin(), bytes.begin() + kLogHeader,
                                            [](unsigned char byte) { return byte != 0; });
    visible_ = known;
    // The first frame is always of the present generation, so it knows as well.
    const std::size_t salt_at = known ? 16 : kLogHeader + 8;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(salt_at), salt_.size(), salt_.begin());
    before_ = stored_checksum(bytes.data() + 24);
    return {};
  }

  // Each frame is judged by itself: from the checksum that the one before it carries. SQLite reads
  // nothing behind the first that is wrong.
  void take(std::uint32_t number, std::span<const unsigned char> bytes) {
    LogChecksum expected = before_;
    expected.add(bytes.first(8), big_endian_);
    expected.add(bytes.subspan(kFrameHeader), big_endian_);
    const LogChecksum stored = stored_checksum(bytes.data() + 16);
    before_ = stored;
    const std::uint32_t page = big_endian_32(bytes.data());
    if (page == 0 || page > kHighestPage) {
      visible_ = false;
      return;
    }
    const bool present = std::equal(salt_.begin(), salt_.end(), bytes.begin() + 8);
    Frame frame{page, number, PageVersion::Source::OldLog};
    if (present) {
      frame.source =
          expected == stored ? PageVersion::Source::Log : PageVersion::Source::DamagedLog;
    }
    frames_.push_back(frame);
    visible_ = visible_ && frame.source == PageVersion::Source::Log;
    if (present && big_endian_32(bytes.data() + 4) != 0) {  // the last of a transaction
      ended_ = frames_.size();
      end_for_sqlite_ = visible_ ? number + 1 : end_for_sqlite_;
    }
  }

  void end_last_transaction() {
    for (std::size_t i = ended_; i < frames_.size(); ++i) {
      if (frames_[i].source == PageVersion::Source::Log) {
        frames_[i].source = PageVersion::Source::DamagedLog;
      }
    }
  }

  const ReadOnlyFile& log_;
  bool big_endian_ = false;
  std::array<unsigned char, 8> salt_{};
  LogChecksum before_;
  std::vector<Frame> frames_;
  std::size_t ended_ = 0;
  bool visible_ = false;  // SQLite has come this far
  std::uint32_t end_for_sqlite_ = 0;
  bool has_bad_header_ = false;
};

}  // namespace

std::uint32_t big_endian_32(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
         std::uint32_t{bytes[2]} << 8U | std::uint32_t{bytes[3]};
}

class DamagedPages::Files {
 public:
  ReadOnlyFile database;
  ReadOnlyFile log;
  std::uint32_t end_for_sqlite = 0;
  bool has_bad_log_header = false;
  std::vector<Frame> frames;  // by page, and of one page the one to be believed first
};

Result<DamagedPages> DamagedPages::open(const std::string& database, const std::string& log) {
  auto files = std::make_unique<Files>();
  if (Status opened = files->database.open(database); !opened) {
    return opened.error();
  }
  if (Status opened = files->log.open(log); !opened) {
    return opened.error();
  }
  LogScan scan(files->log);
  Result<std::vector<Frame>> frames = scan.frames();
  if (!frames) {
    return frames.error();
  }
  files->end_for_sqlite = scan.end_for_sqlite();
  files->has_bad_log_header = scan.has_bad_header();
  files->frames = *std::move(frames);
  std::ranges::sort(files->frames, [](const Frame& left, const Frame& right) {
    return left.page != right.page ? left.page < right.page : believed_before(left, right);
  });
  return DamagedPages(std::move(files));
}

DamagedPages::DamagedPages(std::unique_ptr<Files> files) : files_(std::move(files)) {
}
DamagedPages::DamagedPages(DamagedPages&& other) noexcept = default;
DamagedPages& DamagedPages::operator=(DamagedPages&& other) noexcept = default;
DamagedPages::~DamagedPages() = default;

std::optional<PageNumber> DamagedPages::next(PageNumber page) const {
  const auto number = static_cast<std::uint32_t>(page);
  const std::uint64_t in_database = (files_->database.size() + kRawPageSize - 1) / kRawPageSize;
  if (number < in_database && number < kHighestPage) {
    return PageNumber(number + 1);
  }
  // A damaged log may claim any number; only those that it really has are visited.
  const auto frame = std::ranges::upper_bound(files_->frames, number, {}, &Frame::page);
  return frame == files_->frames.end() ? std::nullopt : std::optional(PageNumber(frame->page));
}

std::vector<PageVersion> DamagedPages::versions(PageNumber page) const {
  const auto number = static_cast<std::uint32_t>(page);
  std::vector<PageVersion> versions;
  const PageVersion in_database{PageVersion::Source::Database, page,
                                (std::uint64_t{number} - 1) * kRawPageSize};
  bool wanted = number > 0 && in_database.offset < files_->database.size();
  auto frame = std::ranges::lower_bound(files_->frames, number, {}, &Frame::page);
  for (; frame != files_->frames.end() && frame->page == number; ++frame) {
    if (wanted && frame->source > PageVersion::Source::Database) {
      versions.push_back(in_database);
      wanted = false;
    }
    versions.push_back({frame->source, page, offset_of(*frame)});
  }
  if (wanted) {
    versions.push_back(in_database);
  }
  return versions;
}

std::vector<PageVersion> DamagedPages::unread() const {
  std::vector<PageVersion> unread;
  for (const Frame& frame : files_->frames) {
    if (frame.source != PageVersion::Source::OldLog && frame.number >= files_->end_for_sqlite) {
      unread.push_back({frame.source, PageNumber(frame.page), offset_of(frame)});
    }
  }
  std::ranges::sort(unread, {}, &PageVersion::offset);
  return unread;
}

bool DamagedPages::has_bad_log_header() const {
  return files_->has_bad_log_header;
}

Result<bool> DamagedPages::read(const PageVersion& version, RawPage& into) const {
  const bool in_database = version.source == PageVersion::Source::Database;
  const auto got = (in_database ? files_->database : files_->log).read(version.offset, into);
  if (!got) {
    return got.error();
  }
  return *got > 0;
}

}  // namespace sluice
