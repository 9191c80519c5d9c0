#include "uplink/file_store.h"

#include "uplink/codec.h"
#include "uplink/file_handle.h"
#include "uplink/file_names.h"
#include "uplink/file_recovery.h"
#include "uplink/file_state.h"
#include "uplink/record_lines.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace sluice {

namespace {

Answer answer_to(const Error& error, Verdict verdict_of_rejection) {
  const bool rejected = error.reaction == Reaction::Reject;
  return {.verdict = rejected ? verdict_of_rejection : Verdict::Retry,
          .retry_after = {},
          .detail = error.message};
}

bool is_there(const std::string& path) {
  std::error_code ignored;  // whatever it is: opening the file will say it
  return std::filesystem::exists(path, ignored);
}

FileTransportOptions with_other_compression(FileTransportOptions options) {
  const bool compressed = options.compression == FileCompression::Zstd;
  options.compression = compressed ? FileCompression::None : FileCompression::Zstd;
  return options;
}

class FileStore final : public BlockWork {
 public:
  FileStore(const FileTransportOptions& options, const SenderIdentity& identity, const Clock& clock)
      : options_(options),
        agent_(identity.agent),
        epoch_(identity.epoch),
        clock_(clock),
        names_(options),
        other_names_(with_other_compression(options)) {}

  Answer write(const BlockPtr& block, const std::stop_token& /*stop*/) override {
    if (const Status ready = get_ready(); !ready) {
      return answer_to(ready.error(), Verdict::Misconfigured);
    }
    auto bytes = missing_of(block);
    if (!bytes) {
      return answer_to(bytes.error(), Verdict::Refused);
    }
    if (!bytes->empty()) {
      if (const Status written = append(*bytes); !written) {
        return answer_to(written.error(), Verdict::Misconfigured);
      }
      state_.written.add(block->first, block->last());
      if (finish_is_due()) {
        // The block is safe whatever comes of this, and get_ready() tries again.
        static_cast<void>(finish());
      }
    }
    return {.verdict = Verdict::Confirmed, .retry_after = {}, .detail = {}};
  }

  [[nodiscard]] std::optional<Instant> next_idle() const override {
    if (!recovered_) {
      return recover_at_;
    }
    return size_ > 0 ? finish_at_ : std::nullopt;
  }

  void idle() override {
    // What fails now will be reported when there is something to write.
    const Status done = get_ready();
    constexpr std::chrono::seconds kPause{60};
    const Instant later = clock_.elapsed() + kPause;
    if (!done && !recovered_) {
      recover_at_ = later;
    } else if (!done) {
      finish_at_ = later;
    }
  }

 private:
  // Recovers, finishes a file that is full or old.
  Status get_ready() {
    if (!recovered_) {
      if (Status done = recover(); !done) {
        part_.close();
        return done;
      }
      recovered_ = true;
    }
    return finish_is_due() ? finish() : Status{};
  }

  [[nodiscard]] bool finish_is_due() const {
    return size_ > 0 && (size_ >= options_.max_size ||
                         (finish_at_.has_value() && *finish_at_ <= clock_.elapsed()));
  }

  // --- after a start, or when the disk was away ---

  Status recover() {
    auto state = load_file_state(names_.state());
    if (!state) {
      return state.error();
    }
    state_ = *std::move(state);
    for (const FileNames* names : {&names_, &other_names_}) {
      const auto numbers = names->numbers();
      if (!numbers) {
        return numbers.error();
      }
      if (!numbers->empty()) {
        state_.next_number = std::max(state_.next_number, numbers->back() + 1);
      }
    }
    if (Status done = finish_other_part(); !done) {
      return done;
    }
    if (is_there(names_.part())) {
      if (Status opened = open_part(names_, options_.compression); !opened) {
        return opened;
      }
    }
    return state_.agent == agent_ && state_.epoch == epoch_ ? Status{} : begin_epoch();
  }

  // The option has been changed since.
  Status finish_other_part() {
    if (!is_there(other_names_.part())) {
      return {};
    }
    const bool compressed = options_.compression == FileCompression::Zstd;
    if (Status opened =
            open_part(other_names_, compressed ? FileCompression::None : FileCompression::Zstd);
        !opened) {
      return opened;
    }
    if (Status finished = give_last_name(other_names_, state_.next_number++); !finished) {
      return finished;
    }
    return store_file_state(names_.state(), names_.directory(), state_);
  }

  // What it holds whole is kept, known and on disk.
  Status open_part(const FileNames& names, FileCompression compression) {
    auto part = FileHandle::open(names.part());
    if (!part) {
      return part.error();
    }
    part_ = *std::move(part);
    const auto found = inspect_file(part_, compression);
    if (!found) {
      return found.error();
    }
    for (const auto& [first, last] : found->written.ranges()) {
      state_.written.add(Sequence(first), Sequence(last));
    }
    if (Status cut = part_.truncate(found->good_bytes); !cut) {
      return cut;
    }
    if (Status synced = part_.sync(); !synced) {
      return synced;
    }
    size_ = found->good_bytes;
    start_age();
    return sync_folder(names.directory());
  }

  // The sequences of another buffer count from the beginning: they mean other records, so nothing
  // that is known of the old ones may be held against the new. The file goes before the state,
  // because the state says whose sequences the file holds.
  Status begin_epoch() {
    if (size_ > 0) {
      if (Status finished = give_last_name(names_, state_.next_number++); !finished) {
        return finished;
      }
    }
    state_.written.clear();
    state_.agent = agent_;
    state_.epoch = epoch_;
    return store_file_state(names_.state(), names_.directory(), state_);
  }

  // --- writing ---

  // The block as it is to stand in the file, without the records that are there already.
  Result<std::string> missing_of(const BlockPtr& block) {
    if (state_.written.contains(block->first, block->last())) {
      return std::string();
    }
    const bool compressed = options_.compression == FileCompression::Zstd;
    const bool whole = !state_.written.overlaps(block->first, block->last());
    if (whole && compressed && block->codec == Codec::ZstdNdjson) {
      return block->data;
    }
    const auto text = text_of(block);
    if (!text) {
      return text.error();
    }
    std::string lines = whole ? **text : missing_lines(*block, **text);
    return compressed ? compress_frame(lines) : Result<std::string>(std::move(lines));
  }

  [[nodiscard]] std::string missing_lines(const Block& block, std::string_view text) const {
    std::string missing;
    std::string_view line;
    for (Sequence sequence = block.first; next_line(text, line); sequence = advance(sequence, 1)) {
      if (!state_.written.contains(sequence)) {
        missing += line;
        missing += '\n';
      }
    }
    return missing;
  }

  Status append(std::string_view bytes) {
    if (!part_.is_open()) {
      if (Status opened = open_next_part(); !opened) {
        return opened;
      }
    }
    Status done = part_.write_at(size_, bytes);
    if (done) {
      done = part_.sync();
    }
    if (!done) {
      // Nobody may take the half for the whole: neither a reader nor we after a crash. If even this
      // fails, the file is looked through before the next write.
      if (!part_.truncate(size_)) {
        part_.close();
        recovered_ = false;
      }
      return done;
    }
    if (size_ == 0) {
      start_age();
    }
    size_ += bytes.size();
    return {};
  }

  Status open_next_part() {
    auto part = FileHandle::open(names_.part());
    if (!part) {
      return part.error();
    }
    part_ = *std::move(part);
    size_ = 0;
    return sync_folder(names_.directory());
  }

  void start_age() {
    finish_at_ = options_.max_age.count() > 0
                     ? std::optional<Instant>(clock_.elapsed() + options_.max_age)
                     : std::nullopt;
  }

  // The state goes first, so that it knows the records of the file when the file is out of sight.
  Status finish() {
    const std::uint64_t file_number = state_.next_number++;
    if (Status stored = store_file_state(names_.state(), names_.directory(), state_); !stored) {
      --state_.next_number;
      return stored;
    }
    if (Status renamed = give_last_name(names_, file_number); !renamed) {
      return renamed;
    }
    return options_.keep > 0 ? delete_oldest() : Status{};
  }

  // A number is never used twice: it is above that of every file there is, and above the one in the
  // state even if somebody has taken all files away.
  Status give_last_name(const FileNames& names, std::uint64_t file_number) {
    if (Status renamed = rename_file(names.part(), names.finished(file_number)); !renamed) {
      return renamed;
    }
    part_.close();
    size_ = 0;
    finish_at_.reset();
    return sync_folder(names.directory());
  }

  [[nodiscard]] Status delete_oldest() const {
    const auto numbers = names_.numbers();
    if (!numbers) {
      return numbers.error();
    }
    for (std::size_t i = 0; i + options_.keep < numbers->size(); ++i) {
      const std::string name = names_.finished((*numbers)[i]);
      if (::unlink(name.c_str()) != 0 && errno != ENOENT) {
        return file_error("delete", name, errno);
      }
    }
    return {};
  }

  const FileTransportOptions options_;
  const std::string agent_;
  const std::uint64_t epoch_;
  const Clock& clock_;
  const FileNames names_;
  const FileNames other_names_;

  bool recovered_ = false;
  std::optional<Instant> recover_at_ = Instant();  // at once
  FileState state_;                                // what is written, the growing file included
  FileHandle part_;
  std::uint64_t size_ = 0;  // of the growing file: everything up to here is on disk
  std::optional<Instant> finish_at_;
};

}  // namespace

std::unique_ptr<BlockWork> make_file_store(const FileTransportOptions& options,
                                           const SenderIdentity& identity, const Clock& clock) {
  return std::make_unique<FileStore>(options, identity, clock);
}

}  // namespace sluice
