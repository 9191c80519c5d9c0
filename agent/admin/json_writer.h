// Writes JSON, value by value, on one line.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace sluice {

// Commas are its business, matching brackets the caller's. One thread at a time.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  // What is not UTF-8 loses the bytes that are not ASCII.
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth);
  JsonWriter& value(std::integral auto number) { return literal(std::to_string(number)); }
  JsonWriter& value(double number);  // null for what is not finite: JSON has no word for it
  JsonWriter& null() { return literal("null"); }
  JsonWriter& literal(std::string_view json);  // as it stands

  template <class T>
  JsonWriter& field(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void separate();

  std::string text_;
  bool comma_ = false;
};

}  // namespace sluice
