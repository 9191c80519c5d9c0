#include "commands/duration_option.h"

#include "config/scalars.h"

namespace sluice {

namespace {

// What is wrong with the text is wrong usage.
std::string check_duration(const std::string& text) {
  const auto duration = configuration::parse_duration(text);
  if (!duration) {
    return '"' + text + "\" " + duration.error().message;
  }
  return duration->count() > 0 ? std::string() : "must be longer than nothing";
}

}  // namespace

CLI::Option* add_duration_option(CLI::App& command, const std::string& name,
                                 std::chrono::milliseconds& duration, const std::string& help) {
  return command
      .add_option_function<std::string>(
          name,
          [&duration](const std::string& text) { duration = *configuration::parse_duration(text); },
          help)
      ->check(check_duration)
      ->type_name("DURATION")
      ->default_str(configuration::duration_text(duration));
}

}  // namespace sluice
