#include "net/secret_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace sluice {

namespace {

constexpr std::size_t kMostBytes = 64UL * 1024;

class Descriptor {
 public:
  // Not blocking, because the path may be that of a pipe that nobody writes to.
  explicit Descriptor(const std::string& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

bool is_control(unsigned char c) {
  return c < ' ' || c == 0x7f;
}

}  // namespace

Result<std::string> SecretFile::read() const {
  const auto unusable = [this](const std::string& why) {
    return Error{Reaction::Retry, "cannot use " + path() + ": " + why};
  };
  const Descriptor file(path());
  if (file.number() < 0) {
    return unusable(std::generic_category().message(errno));
  }
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t got = ::read(file.number(), part.data(), part.size());
    if (got < 0) {
      return unusable(std::generic_category().message(errno));
    }
    if (got == 0) {
      break;
    }
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostBytes) {
      return unusable("it is larger than 64 KiB, which no secret is");
    }
  }
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  if (text.empty()) {
    return unusable("it is empty");
  }
  if (std::ranges::any_of(text, is_control)) {
    return unusable("it holds more than one line, or a control character");
  }
  return text;
}

bool SecretFile::refresh() {
  if (!watch_.changed()) {
    return false;
  }
  auto text = read();
  const std::string trouble = text ? "" : text.error().message;
  const bool news = trouble != trouble_ || (text && *text != value_);
  trouble_ = trouble;
  if (text) {
    value_ = *std::move(text);
  }
  return news;
}

}  // namespace sluice
