// Collects what is wrong with the configuration's files, so that everything is reported in one run.
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
  // The number of a new file, counted from 0. Places refer to it.
  int add_file(std::string name, std::string_view text);

  void error(Place place, std::string path, std::string message);
  void warning(Place place, std::string path, std::string message);

  // The file says a secret between the two places: no diagnostic shows these characters, whichever
  // problem it is about. `secret` is the text that stands there, if it is known.
  void hide(Place from, Place to, std::string_view secret);

  // "conf.d/press.yaml:7", for messages about two places.
  [[nodiscard]] std::string line_of(Place place) const;

  // While one of these exists, findings are forgotten; what is hidden is hidden.
  class Silence {
   public:
    explicit Silence(Findings& findings) : findings_(findings) { findings_.is_silent_ = true; }
    ~Silence() { findings_.is_silent_ = false; }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

   private:
    Findings& findings_;
  };

  // In the order of the files and their lines, with the source lines. What has no place comes last.
  [[nodiscard]] std::vector<Diagnostic> in_order() &&;

 private:
  void add(Severity severity, Place place, std::string path, std::string message);
  static void cover(std::vector<std::string>& lines, int line, std::size_t from, std::size_t to);

  struct File {
    std::string name;
    std::vector<std::string> lines;
  };

  [[nodiscard]] std::vector<std::string>& lines_of(Place place);

  std::vector<File> files_;
  std::set<Place> hidden_;  // from there on; what is covered cannot be found again
  bool is_silent_ = false;
  std::vector<std::pair<Place, Diagnostic>> found_;
  // Aliases and merges lead to one place by many paths: it is enough to say it once.
  std::set<std::pair<Place, std::string>> said_;
};

// For showing text from the file in a message: in quotes, shortened, without control characters.
std::string quoted(std::string_view text);

}  // namespace sluice::configuration
