// libFuzzer feeds the configuration loader. scripts/fuzz builds and runs it.
//
// The input is one file, or two with a line of kSeparator between them, of which the second is laid
// over the first. Most changes keep the shape of a configuration: lines are added, moved, indented
// and given other values, with the keys and words of the table that the schema is made of.
#include "config/config.h"
#include "config/fields.h"
#include "tests/support/temp_directory.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

// NOLINTBEGIN(readability-identifier-naming): the names and types of these are libFuzzer's
extern "C" {
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned int seed);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
}
// NOLINTEND(readability-identifier-naming)

namespace sluice {
namespace {

using configuration::Field;

constexpr std::string_view kSeparator = "#---8<---\n";

// Everything that can be said, as pieces of YAML.
struct Words {
  std::vector<std::string> keys;
  std::vector<std::string> values;
};

void collect(const std::vector<Field>& fields, Words& words) {
  for (const Field& field : fields) {
    words.keys.push_back(field.name);
    words.values.push_back(field.default_value);
    words.values.insert(words.values.end(), field.words.begin(), field.words.end());
    collect(field.fields, words);
    for (const std::vector<Field>& more : field.alternatives) {
      collect(more, words);
    }
    if (field.entry) {
      collect(field.entry("name"), words);
    }
  }
}

const Words& words() {
  static const Words all = [] {
    Config config;
    Words words{{"plant", "all", "cloud", "<<", "name"},
                {"1",
                 "-1",
                 "99999999999999999999",
                 "10s",
                 "64KiB",
                 "off",
                 "true",
                 "~",
                 "\"\"",
                 "''",
                 "mqtt://me:pw@h:1883/x",
                 "https://h",
                 "[plant]",
                 "[cloud]",
                 "[\"a/#\", +/b]",
                 "{}",
                 "[]",
                 "{a: b}",
                 "&a",
                 "*a",
                 "${HOME}",
                 "${X:-y}",
                 "${X:?z}",
                 "${file:/dev/null}",
                 "${credential:x}",
                 "$$",
                 "|",
                 ">-",
                 R"("\x07")",
                 "ü",
                 "22:00-06:00",
                 "{409: retry}",
                 "[site.yaml]",
                 "[\"*.yaml\"]"}};
    collect(configuration::config_fields(config), words);
    return words;
  }();
  return all;
}

class Mutator {
 public:
  explicit Mutator(unsigned int seed) : random_(seed) {}

  std::string mutate(const std::string& text) {
    split(text);
    switch (below(8)) {
      case 0:
        add(at(), line(indent_of(at())));
        break;
      case 1:
        lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(at()));
        break;
      case 2:
        add(at(), lines_[at()]);
        break;
      case 3:
        std::swap(lines_[at()], lines_[at()]);
        break;
      case 4:
        indent(lines_[at()]);
        break;
      case 5:
        change_value(lines_[at()]);
        break;
      case 6:
        lay_over(at());
        break;
      default:
        change_key(lines_[at()]);
    }
    std::string joined;
    for (const std::string& each : lines_) {
      joined += each + '\n';
    }
    return joined;
  }

 private:
  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }

  const std::string& any(const std::vector<std::string>& of) { return of[below(of.size())]; }

  std::size_t at() { return below(lines_.size()); }

  void split(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      lines_.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (lines_.empty()) {
      lines_.emplace_back();
    }
  }

  void add(std::size_t before, const std::string& line) {
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(before), line);
  }

  [[nodiscard]] std::size_t indent_of(std::size_t index) const {
    return std::min(lines_[index].find_first_not_of(' '), lines_[index].size());
  }

  // A second file that says something about the section in which this line stands.
  void lay_over(std::size_t index) {
    std::vector<std::string> path{line(indent_of(index))};
    for (std::size_t i = index; i > 0 && indent_of(index) > 0; --i) {
      if (indent_of(i - 1) < indent_of(index) && !lines_[i - 1].empty()) {
        index = i - 1;
        path.insert(path.begin(), lines_[index]);
      }
    }
    const std::string separator(kSeparator.substr(0, kSeparator.size() - 1));
    if (std::ranges::find(lines_, separator) == lines_.end()) {
      lines_.push_back(separator);
    }
    lines_.insert(lines_.end(), path.begin(), path.end());
  }

  std::string line(std::size_t indent) {
    return std::string(indent, ' ') + any(words().keys) + ": " +
           (below(4) == 0 ? "" : any(words().values));
  }

  void indent(std::string& line) {
    if (below(2) == 0 && line.starts_with("  ")) {
      line.erase(0, 2);
    } else {
      line.insert(0, below(8) == 0 ? "\t" : "  ");
    }
  }

  void change_value(std::string& line) {
    const std::size_t colon = line.find(": ");
    line = line.substr(0, colon) + (colon == std::string::npos ? "" : ": ") + any(words().values);
  }

  void change_key(std::string& line) {
    const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t colon = std::min(line.find(':'), line.size());
    if (start < colon) {
      line.replace(start, colon - start, any(words().keys));
    }
  }

  std::minstd_rand random_;
  std::vector<std::string> lines_;
};

// libFuzzer keeps the input that leads here.
void demand(bool holds, const char* what, const Diagnostic& diagnostic) {
  if (!holds) {
    std::cerr << what << ":\n" << to_text(diagnostic) << '\n';
    std::abort();
  }
}

void look_at(const LoadedConfig& loaded) {
  for (const Diagnostic& each : loaded.diagnostics) {
    demand(!each.message.empty(), "a message is empty", each);
    demand(!each.file.empty(), "a file has no name", each);
    demand((each.line > 0) == (each.column > 0), "half a place", each);
    demand(to_text(each).find('\x1b') == std::string::npos, "an escape gets through", each);
  }
  const bool is_complete = !loaded.config.sources.empty() && !loaded.config.flows.empty() &&
                           loaded.config.flows.size() == loaded.config.buffer.routes.size();
  demand(!loaded.ok() || is_complete, "accepted, but not complete", Diagnostic{});
}

void run(const std::string& text) {
  static const testing_support::TempDirectory directory;
  ConfigFiles files;
  const std::size_t end = text.find(kSeparator);
  files.paths = {directory.file("sluice.yaml")};
  std::ofstream(files.paths[0], std::ios::binary) << text.substr(0, end);
  if (end != std::string::npos) {
    files.paths.push_back(directory.file("site.yaml"));
    std::ofstream(files.paths[1], std::ios::binary) << text.substr(end + kSeparator.size());
  }
  const LoadedConfig loaded = load_config(files);
  look_at(loaded);
  if (loaded.ok() && !effective_config(files)) {
    demand(false, "accepted, but cannot be shown", Diagnostic{});
  }
}

}  // namespace
}  // namespace sluice

// NOLINTBEGIN(readability-identifier-naming): libFuzzer calls it by this name
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned int seed) {
  if (seed % 4 == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  const std::string changed = sluice::Mutator(seed).mutate({data, data + size});
  const std::size_t length = std::min(changed.size(), max_size);
  std::copy_n(changed.begin(), length, data);
  return length;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::run({data, data + size});
  return 0;
}
// NOLINTEND(readability-identifier-naming)
