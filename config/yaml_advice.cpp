#include "config/yaml_advice.h"

#include <algorithm>
#include <array>

namespace sluice::configuration {

namespace {

struct Advice {
  std::string_view problem;
  std::string_view words;
};

constexpr std::string_view kIndent =
    "check the indentation: keys of one section begin in the same column, and a space follows each "
    "colon";
constexpr std::string_view kStar = "a text that begins with * must stand in quotes";

constexpr std::array<Advice, 7> kAdvice{{
    {"illegal map value", kIndent},
    {"illegal map key", kIndent},
    {"illegal block entry", kIndent},
    {"end of map not found", kIndent},
    {"end of sequence not found", kIndent},
    {"alias not found after *", kStar},
    {"the referenced anchor is not defined", kStar},
}};

}  // namespace

std::string yaml_advice(std::string_view problem, std::string_view line) {
  if (line.find("${") != std::string_view::npos) {
    return " (inside {…} and […], ${…} must stand in quotes: \"${NAME}\")";
  }
  const auto* const found = std::ranges::find_if(
      kAdvice, [&](const Advice& each) { return problem.starts_with(each.problem); });
  return found == kAdvice.end() ? "" : " (" + std::string(found->words) + ')';
}

}  // namespace sluice::configuration
