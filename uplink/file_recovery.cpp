#include "uplink/file_recovery.h"

#include "core/c_handle.h"
#include "uplink/record_lines.h"

#include <zstd.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

namespace {

constexpr std::size_t kPiece = 128UL * 1024;
constexpr std::size_t kLongestLine = 256UL * 1024 * 1024;

// Collects the sequences of whole lines from pieces of text, until something is not a line.
class LineCollector {
 public:
  void add(std::string_view text) {
    while (good_ && !text.empty()) {
      const std::size_t end = text.find('\n');
      pending_.append(text.substr(0, end));
      good_ = pending_.starts_with('{') && pending_.size() <= kLongestLine;
      if (!good_ || end == std::string_view::npos) {
        return;
      }
      text.remove_prefix(end + 1);
      take_line();
    }
  }

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool between_lines() const { return good_ && pending_.empty(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // of whole lines

  // Of the whole lines since the last call.
  void move_sequences_to(SequenceRanges& ranges) {
    for (const Sequence sequence : sequences_) {
      ranges.add(sequence, sequence);
    }
    sequences_.clear();
  }

 private:
  void take_line() {
    const auto sequence = sequence_of(pending_);
    good_ = sequence.has_value() && pending_.ends_with('}');
    if (good_) {
      sequences_.push_back(*sequence);
      bytes_ += pending_.size() + 1;
    }
    pending_.clear();
  }

  std::string pending_;
  std::vector<Sequence> sequences_;
  std::uint64_t bytes_ = 0;
  bool good_ = true;
};

Status inspect_lines(const FileHandle& file, RecoveredFile& found) {
  LineCollector lines;
  std::string piece(kPiece, '\0');
  for (std::uint64_t offset = 0; lines.good();) {
    const auto got = file.read_at(offset, piece.data(), piece.size());
    if (!got) {
      return got.error();
    }
    lines.add(std::string_view(piece).substr(0, *got));
    lines.move_sequences_to(found.written);
    if (*got < piece.size()) {
      break;
    }
    offset += *got;
  }
  found.good_bytes = lines.bytes();
  return {};
}

// Decodes one frame after the other.
class FrameReader {
 public:
  explicit FrameReader(RecoveredFile& found)
      : found_(found), stream_(ZSTD_createDStream()), text_(ZSTD_DStreamOutSize(), '\0') {}

  // False at the end of what is good.
  bool add(std::string_view bytes) {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    while (input.pos < input.size) {
      const std::size_t before = input.pos;
      ZSTD_outBuffer output{text_.data(), text_.size(), 0};
      const std::size_t left = ZSTD_decompressStream(stream_.get(), &output, &input);
      if (ZSTD_isError(left) != 0) {
        return false;
      }
      lines_.add(std::string_view(text_).substr(0, output.pos));
      read_ += input.pos - before;
      if (left == 0) {
        if (!lines_.between_lines()) {
          return false;
        }
        lines_.move_sequences_to(found_.written);
        found_.good_bytes = read_;
      }
    }
    return lines_.good();
  }

 private:
  RecoveredFile& found_;
  CHandle<ZSTD_DStream, ZSTD_freeDStream> stream_;
  std::string text_;
  LineCollector lines_;
  std::uint64_t read_ = 0;
};

Status inspect_frames(const FileHandle& file, RecoveredFile& found) {
  FrameReader frames(found);
  std::string piece(kPiece, '\0');
  for (std::uint64_t offset = 0;;) {
    const auto got = file.read_at(offset, piece.data(), piece.size());
    if (!got) {
      return got.error();
    }
    if (!frames.add(std::string_view(piece).substr(0, *got)) || *got < piece.size()) {
      return {};
    }
    offset += *got;
  }
}

}  // namespace

Result<RecoveredFile> inspect_file(const FileHandle& file, FileCompression compression) {
  RecoveredFile found;
  const Status done = compression == FileCompression::Zstd ? inspect_frames(file, found)
                                                           : inspect_lines(file, found);
  if (!done) {
    return done.error();
  }
  return found;
}

}  // namespace sluice
