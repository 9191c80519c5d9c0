#include "commands/logging.h"

#include "commands/repeat_filter.h"
#include "core/clock.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

// %* in the pattern: the message, escaped as the inside of a JSON string (RFC 8259 §7).
class JsonEscapedMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    for (const char c : std::string_view(message.payload.data(), message.payload.size())) {
      append(c, out);
    }
  }

  [[nodiscard]] std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<JsonEscapedMessage>();
  }

 private:
  static void append(char c, spdlog::memory_buf_t& out) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out.push_back(c);
    }
  }
};

// %~ in the pattern: the priority of syslog(3).
class SyslogPriority final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    out.push_back(digit_of(message.level));
  }

  [[nodiscard]] std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<SyslogPriority>();
  }

 private:
  static char digit_of(spdlog::level::level_enum level) {
    switch (level) {
      case spdlog::level::critical:
        return '2';
      case spdlog::level::err:
        return '3';
      case spdlog::level::warn:
        return '4';
      case spdlog::level::info:
        return '6';
      default:
        return '7';
    }
  }
};

// Writes to stderr, but not the same again and again.
class Stderr final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void tell_repeats(bool all) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const RepeatFilter::Repeated& each : filter_.due(all)) {
      out_.log({"sluice", static_cast<spdlog::level::level_enum>(each.level), each.text});
    }
    out_.flush();
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    // Below a warning are single events, and what somebody looks for who has asked for it.
    if (message.level < spdlog::level::warn ||
        filter_.admit(message.level, {message.payload.data(), message.payload.size()})) {
      out_.log(message);
    }
  }
  void flush_() override { out_.flush(); }
  void set_pattern_(const std::string& pattern) override { out_.set_pattern(pattern); }
  void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override {
    out_.set_formatter(std::move(formatter));
  }

  RepeatFilter filter_{system_clock()};
  spdlog::sinks::stderr_sink_st out_;
};

std::string pattern_of(LogFormat format, bool journal) {
  const std::string priority = journal ? "<%~>" : "";
  if (format == LogFormat::Json) {
    return priority + R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%*"})";
  }
  return journal ? priority + "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::Trace:
      return spdlog::level::trace;
    case LogLevel::Debug:
      return spdlog::level::debug;
    case LogLevel::Info:
      return spdlog::level::info;
    case LogLevel::Warn:
      return spdlog::level::warn;
    case LogLevel::Error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

void set_up_logging(LogLevel level, LogFormat format) {
  auto logger = std::make_shared<spdlog::logger>("sluice", std::make_shared<Stderr>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JsonEscapedMessage>('*');
  formatter->add_flag<SyslogPriority>('~');
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  const bool journal = is_journal(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
  formatter->set_pattern(pattern_of(format, journal));
  logger->set_formatter(std::move(formatter));
  logger->set_level(to_spdlog(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void tell_repeats(bool all) {
  for (const spdlog::sink_ptr& sink : spdlog::default_logger_raw()->sinks()) {
    if (const auto ours = std::dynamic_pointer_cast<Stderr>(sink)) {
      ours->tell_repeats(all);
    }
  }
}

bool is_journal(int descriptor, const char* journal_stream) {
  struct stat file {};
  return journal_stream != nullptr && ::fstat(descriptor, &file) == 0 &&
         journal_stream == std::to_string(file.st_dev) + ':' + std::to_string(file.st_ino);
}

}  // namespace sluice
