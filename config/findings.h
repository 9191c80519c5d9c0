// Collects what is wrong with a configuration file, so that everything is reported in one run.
#pragma once

#include "config/diagnostic.h"
#include "config/place.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::configuration {

// One thread at a time.
class Findings {
 public:
  explicit Findings(std::string_view text);

  void error(Place place, std::string path, std::string message);
  void warning(Place place, std::string path, std::string message);

  // The file says a secret between the two places: no diagnostic shows these characters, whichever
  // problem it is about. `secret` is the text that stands there, if it is known.
  void hide(Place from, Place to, std::string_view secret);

  // In the order of the file, with the source lines. What has no place comes last.
  [[nodiscard]] std::vector<Diagnostic> in_order(const std::string& file) &&;

 private:
  void add(Severity severity, Place place, std::string path, std::string message);
  void cover(int line, std::size_t from, std::size_t to);

  std::vector<std::string> lines_;
  std::vector<std::pair<Place, Diagnostic>> found_;
  // Aliases and merges lead to one place by many paths: it is enough to say it once.
  std::set<std::pair<Place, std::string>> said_;
};

// For showing text from the file in a message: in quotes, shortened, without control characters.
std::string quoted(std::string_view text);

}  // namespace sluice::configuration
