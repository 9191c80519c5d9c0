#include "config/substitution.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>

namespace sluice::configuration {

namespace {

constexpr std::size_t kLargestSecret = 64UL * 1024;

Error wrong(std::string why) {
  return {Reaction::Reject, std::move(why)};
}

Error cannot_read(const std::string& path) {
  return wrong("cannot read " + path + ": " + std::generic_category().message(errno));
}

class Descriptor {
 public:
  // Not blocking: opening a pipe that nobody writes to would wait for ever.
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

Result<std::string> file_content(const std::string& path) {
  const Descriptor file(path);
  struct stat facts {};
  if (file.number() < 0 || ::fstat(file.number(), &facts) != 0) {
    return cannot_read(path);
  }
  if (!S_ISREG(facts.st_mode)) {
    return wrong("cannot read " + path + ": it is not a regular file");
  }
  std::string content;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t got = ::read(file.number(), part.data(), part.size());
    if (got < 0) {
      return cannot_read(path);
    }
    if (got == 0) {
      break;
    }
    content.append(part.data(), static_cast<std::size_t>(got));
    if (content.size() > kLargestSecret) {
      return wrong("cannot read " + path + ": it is larger than 64KiB, which no value is");
    }
  }
  if (content.ends_with('\n')) {
    content.resize(content.size() - (content.ends_with("\r\n") ? 2 : 1));
  }
  return content;
}

std::optional<std::string> environment(const std::string& name) {
  // Nothing in the agent changes the environment, so reading it is safe on any thread.
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value != nullptr) {
    return value;
  }
  return name == "HOSTNAME" ? std::optional(host_name()) : std::nullopt;
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  return !text.empty() && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// What systemd hands over with LoadCredential= and the like.
Result<std::string> credential(const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") {
    return wrong("${credential:NAME} takes the name of a credential, not a path");
  }
  const auto directory = environment("CREDENTIALS_DIRECTORY");
  if (!directory || directory->empty()) {
    return wrong("there are no systemd credentials: add LoadCredential=" + name +
                 ":PATH to the unit, or write ${file:PATH}");
  }
  return file_content(*directory + '/' + name);
}

// The `inside` of ${inside}.
Status replace(std::string_view inside, Substituted& result) {
  constexpr std::string_view kFile = "file:";
  constexpr std::string_view kCredential = "credential:";
  const bool is_credential = inside.starts_with(kCredential);
  if (is_credential || inside.starts_with(kFile)) {
    const auto content = is_credential ? credential(std::string(inside.substr(kCredential.size())))
                                       : file_content(std::string(inside.substr(kFile.size())));
    if (!content) {
      return content.error();
    }
    result.text += *content;
    return {};
  }
  const std::size_t colon = inside.find(':');
  const std::string name(inside.substr(0, colon));
  const std::string_view rest =
      colon == std::string_view::npos ? std::string_view{} : inside.substr(colon + 1);
  const bool known_form =
      colon == std::string_view::npos || rest.starts_with('-') || rest.starts_with('?');
  if (!is_name(name) || !known_form) {
    return wrong(
        "${…} must be one of ${NAME}, ${NAME:-default}, ${NAME:?message}, ${file:PATH}, "
        "${credential:NAME}");
  }
  const auto value = environment(name);
  if (value && (!value->empty() || rest.empty())) {
    result.text += *value;
    return {};
  }
  if (rest.starts_with('-')) {
    result.text += rest.substr(1);
    return {};
  }
  if (rest.size() > 1) {
    return wrong(name + ": " + std::string(rest.substr(1)));
  }
  return wrong("the environment variable " + name + " is not set: set it, or write ${" + name +
               ":-default}");
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) {
    return "";
  }
  return name.data();
}

Result<Substituted> substitute(std::string_view text) {
  Substituted result;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("$$")) {
      result.text += '$';
      i += 2;
    } else if (rest.starts_with("${")) {
      const std::size_t end = rest.find('}');
      if (end == std::string_view::npos) {
        return wrong("${ is not closed with }; write $$ for a $ that means itself");
      }
      const std::string_view inside = rest.substr(2, end - 2);
      if (inside.find("${") != std::string_view::npos) {
        return wrong("${…} cannot stand inside another ${…}");
      }
      result.has_references = true;
      if (Status replaced = replace(inside, result); !replaced) {
        return replaced.error();
      }
      i += end + 1;
    } else {
      result.text += text[i];
      ++i;
    }
  }
  return result;
}

bool tells_value(std::string_view text) {
  bool refers = false;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("$$")) {
      ++i;
    } else if (rest.starts_with("${")) {
      refers = true;
      const std::string_view inside = rest.substr(0, rest.find('}'));
      const std::size_t fallback = inside.find(":-");
      if (fallback != std::string_view::npos && fallback + 2 < inside.size()) {
        return true;
      }
    }
  }
  return !refers && !text.empty();
}

}  // namespace sluice::configuration
