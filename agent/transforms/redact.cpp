#include "core/c_handle.h"
#include "transforms/regex.h"
#include "transforms/text_steps.h"
#include "transforms/values.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace sluice {
namespace {

using Find = RedactOptions::Find;
using With = RedactOptions::With;

// Each can begin only where the character before is none of its own, so that a long text takes no
// longer than its length.
constexpr std::string_view kEmail =
    R"((?<![^\s@<>()\[\],;:"'=/])[^\s@<>()\[\],;:"'=/]++@[\p{L}\p{N}-]++(?:\.[\p{L}\p{N}-]++)++)";
constexpr std::string_view kIpv4 = R"((?<![0-9.])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3})"
                                   R"((?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?!\.?[0-9]))";
constexpr std::string_view kMac =
    R"((?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f:-]))";

// HMAC-SHA256 with one key; the context is used again and again.
class KeyedHash {
 public:
  static Result<KeyedHash> with(const std::string& key) {
    const CHandle<EVP_MAC, EVP_MAC_free> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    KeyedHash hash;
    hash.context_.reset(mac ? EVP_MAC_CTX_new(mac.get()) : nullptr);
    std::string digest = "SHA256";
    const std::array<OSSL_PARAM, 2> settings = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    if (!hash.context_ ||
        EVP_MAC_init(hash.context_.get(), reinterpret_cast<const unsigned char*>(key.data()),
                     key.size(), settings.data()) != 1) {
      return Error{Reaction::Reject, "this OpenSSL cannot compute HMAC-SHA256"};
    }
    return hash;
  }

  // Appends 32 hexadecimal digits. False: it does not work, and nothing has been appended.
  bool append(std::string_view text, std::string& out) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
    std::size_t size = 0;
    EVP_MAC_CTX* const context = context_.get();
    if (EVP_MAC_init(context, nullptr, 0, nullptr) != 1 ||
        EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(text.data()), text.size()) !=
            1 ||
        EVP_MAC_final(context, sum.data(), &size, sum.size()) != 1 || size < kBytes) {
      return false;
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (std::size_t i = 0; i < kBytes; ++i) {
      out += kDigits[sum[i] >> 4U];
      out += kDigits[sum[i] & 0xFU];
    }
    return true;
  }

 private:
  static constexpr std::size_t kBytes = 16;
  KeyedHash() = default;
  CHandle<EVP_MAC_CTX, EVP_MAC_CTX_free> context_;
};

class Redact final : public Step {
 public:
  Redact(const RedactOptions& options, std::optional<Regex> regex, std::optional<KeyedHash> hash)
      : keys_(key_texts(options.fields)),
        with_(options.with),
        email_(options.find == Find::Email),
        regex_(std::move(regex)),
        hash_(std::move(hash)) {}

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([&](Row& row) {
      for (RecordField& field : batch.fields(row)) {
        if (row.live() && (keys_.empty() || std::ranges::find(keys_, field.key) != keys_.end())) {
          redact(batch, row, field);
        }
      }
      if (row.live() && !regex_ && with_ == With::Remove) {
        batch.keep_if(row, [this](const RecordField& field) {
          return !keys_.empty() && std::ranges::find(keys_, field.key) == keys_.end();
        });
      }
    });
  }

 private:
  void redact(RowBatch& batch, Row& row, RecordField& field) {
    const auto text = text_in(field.value, unescaped_);
    const std::string_view looked_at = text ? *text : field.value;
    redacted_.clear();
    bool found = true;
    if (!regex_) {
      found = with_ != With::Remove;  // then it goes afterwards
      if (!put_in_place_of(looked_at)) {
        return RowBatch::fail(row, "redact", "hmac");
      }
    } else if (const char* const reason = replace_all(looked_at, found)) {
      return RowBatch::fail(row, "redact", reason);
    } else if (found && !text) {
      redacted_.clear();
      if (!put_in_place_of(looked_at)) {
        return RowBatch::fail(row, "redact", "hmac");
      }
    }
    if (found) {
      field.value = put_text(redacted_, batch.arena());
      row.changed = true;
    }
  }

  // Null, or why it failed.
  const char* replace_all(std::string_view text, bool& found) {
    found = false;
    if (email_ && text.find('@') == std::string_view::npos) {
      return nullptr;
    }
    std::size_t done = 0;
    for (std::size_t from = 0; from <= text.size();) {
      const Regex::Outcome outcome = regex_->find(text, from);
      if (outcome == Regex::Outcome::Limit) {
        return "match_limit";
      }
      const std::string_view match =
          outcome == Regex::Outcome::Match ? regex_->group(0).value_or(text.substr(0, 0)) : "";
      if (outcome == Regex::Outcome::NoMatch) {
        break;
      }
      const auto at = static_cast<std::size_t>(match.data() - text.data());
      from = at + std::max<std::size_t>(match.size(), 1);
      if (match.empty()) {
        continue;
      }
      found = true;
      redacted_ += text.substr(done, at - done);
      done = at + match.size();
      if (!put_in_place_of(match)) {
        return "hmac";
      }
    }
    redacted_ += text.substr(done);
    return nullptr;
  }

  bool put_in_place_of(std::string_view text) {
    switch (with_) {
      case With::Hmac:
        return hash_->append(text, redacted_);
      case With::Mask:
        redacted_ += "***";
        return true;
      case With::Remove:
        return true;
    }
    return false;
  }

  std::vector<std::string> keys_;
  With with_;
  bool email_;
  std::optional<Regex> regex_;     // none: everything is replaced
  std::optional<KeyedHash> hash_;  // for With::Hmac
  std::string unescaped_;
  std::string redacted_;
};

std::string_view pattern_of(const RedactOptions& options) {
  switch (options.find) {
    case Find::All:
      return {};
    case Find::Email:
      return kEmail;
    case Find::Ipv4:
      return kIpv4;
    case Find::Mac:
      return kMac;
    case Find::Pattern:
      return options.pattern;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Step>> make_redact(const RedactOptions& options) {
  std::optional<Regex> regex;
  if (options.find != Find::All) {
    const std::string_view pattern = pattern_of(options);
    Result<Regex> compiled = Regex::compile(pattern);
    if (!compiled || pattern.empty()) {
      return pattern.empty() ? Error{Reaction::Reject, "redact needs the pattern it is to find"}
                             : compiled.error();
    }
    regex = *std::move(compiled);
  }
  std::optional<KeyedHash> hash;
  if (options.with == With::Hmac) {
    if (options.key.empty()) {
      return Error{Reaction::Reject, "redact with hmac needs a key"};
    }
    Result<KeyedHash> keyed = KeyedHash::with(options.key);
    if (!keyed) {
      return keyed.error();
    }
    hash = *std::move(keyed);
  }
  return std::unique_ptr<Step>(
      std::make_unique<Redact>(options, std::move(regex), std::move(hash)));
}

}  // namespace sluice
