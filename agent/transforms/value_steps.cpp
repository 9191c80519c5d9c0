#include "transforms/value_steps.h"

#include "core/json_text.h"
#include "transforms/values.h"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

// As it is written in a configuration.
std::string json_of(const std::string& text) {
  const bool literal = text == "true" || text == "false" || text == "null";
  return literal || number_in(text) ? text : quoted(text);
}

class Scale final : public Step {
 public:
  explicit Scale(const std::vector<Scaling>& fields) {
    for (const Scaling& field : fields) {
      fields_.push_back({key_text(field.field), field.factor, field.offset,
                         field.round ? std::optional(std::pow(10.0, *field.round)) : std::nullopt});
    }
  }

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([&](Row& row) {
      for (const Scaled& scaled : fields_) {
        RecordField* const field = batch.find(row, scaled.key);
        const std::optional<double> number =
            field != nullptr ? number_in(field->value) : std::nullopt;
        if (number) {
          field->value = put_number(scaled.value_of(*number), batch.arena());
          row.changed = true;
        }
      }
    });
  }

 private:
  struct Scaled {
    std::string key;
    double factor;
    double offset;
    std::optional<double> unit;  // 1/unit is the smallest step

    [[nodiscard]] double value_of(double number) const {
      const double scaled = number * factor + offset;
      return unit ? std::round(scaled * *unit) / *unit : scaled;
    }
  };
  std::vector<Scaled> fields_;
};

class Map final : public Step {
 public:
  explicit Map(const std::vector<Mapping>& fields) {
    for (const Mapping& mapping : fields) {
      Mapped mapped{key_text(mapping.field), {}, {}};
      for (const auto& [from, to] : mapping.values) {
        mapped.values.emplace_back(key_text(from), json_of(to));
      }
      if (mapping.otherwise) {
        mapped.otherwise = json_of(*mapping.otherwise);
      }
      fields_.push_back(std::move(mapped));
    }
  }

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([&](Row& row) {
      for (const Mapped& mapped : fields_) {
        if (RecordField* const field = batch.find(row, mapped.key)) {
          row.changed = mapped.apply(*field) || row.changed;
        }
      }
    });
  }

 private:
  struct Mapped {
    std::string key;
    std::vector<std::pair<std::string, std::string>> values;
    std::optional<std::string> otherwise;

    // The new value lives as long as the step.
    [[nodiscard]] bool apply(RecordField& field) const {
      const auto found =
          std::ranges::find(values, bare(field.value), &std::pair<std::string, std::string>::first);
      if (found != values.end()) {
        field.value = found->second;
      } else if (otherwise) {
        field.value = *otherwise;
      } else {
        return false;
      }
      return true;
    }
  };
  std::vector<Mapped> fields_;
};

}  // namespace

std::unique_ptr<Step> make_scale(const std::vector<Scaling>& fields) {
  return std::make_unique<Scale>(fields);
}

std::unique_ptr<Step> make_map(const std::vector<Mapping>& fields) {
  return std::make_unique<Map>(fields);
}

}  // namespace sluice
