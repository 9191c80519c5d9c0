// From the options of the steps of a flow to the steps.
#include "config/config.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

namespace {

using Made = Result<std::unique_ptr<Step>>;
using Make = Made (*)(const StepConfig&);

// `topic` stands for what groups are by default.
template <class Options>
Options grouped(Options options) {
  if (options.by == std::vector<std::string>{"topic"}) {
    options.by.clear();
  }
  return options;
}

Made make_validate_step(const StepConfig& config) {
  ValidateOptions options = config.validate;
  options.fields.assign(config.rules.begin(), config.rules.end());
  return make_validate(options);
}

const std::map<std::string, Make>& native_steps() {
  static const std::map<std::string, Make> steps{
      {"drop", [](const StepConfig& config) -> Made { return make_drop(config.names); }},
      {"keep", [](const StepConfig& config) -> Made { return make_keep(config.names); }},
      {"rename", [](const StepConfig& config) -> Made { return make_rename(config.pairs); }},
      {"flatten", [](const StepConfig& config) -> Made { return make_flatten(config.flatten); }},
      {"topic_tags", [](const StepConfig& config) { return make_topic_tags(config.text); }},
      {"scale",
       [](const StepConfig& config) -> Made {
         return make_scale({config.scale.begin(), config.scale.end()});
       }},
      {"map",
       [](const StepConfig& config) -> Made {
         return make_map({config.map.begin(), config.map.end()});
       }},
      {"deadband",
       [](const StepConfig& config) { return make_deadband(grouped(config.deadband)); }},
      {"dedupe", [](const StepConfig& config) { return make_dedupe(grouped(config.dedupe)); }},
      {"sample", [](const StepConfig& config) { return make_sample(grouped(config.sample)); }},
      {"throttle",
       [](const StepConfig& config) { return make_throttle(grouped(config.throttle)); }},
      {"window", [](const StepConfig& config) { return make_window(grouped(config.window)); }},
      {"parse", [](const StepConfig& config) { return make_parse(config.parse); }},
      {"redact", [](const StepConfig& config) { return make_redact(config.redact); }},
      {"validate", make_validate_step},
      {"split", [](const StepConfig& config) -> Made { return make_split(config.text); }},
      {"stamp", [](const StepConfig& config) -> Made { return make_stamp(config.stamp); }},
  };
  return steps;
}

bool is_expression(const StepConfig& config) {
  return config.kind == "filter" || config.kind == "set";
}

class Maker {
 public:
  explicit Maker(const FlowConfig& flow) : flow_(flow) {}

  MadeSteps make() {
    const std::deque<StepConfig>& steps = flow_.transforms;
    for (std::size_t i = 0; i < steps.size();) {
      if (is_expression(steps[i])) {
        i = make_expressions(i);
        continue;
      }
      if (steps[i].kind == "sql") {
        make_select(i);
      } else if (!steps[i].kind.empty()) {  // empty: it could not be read, which has been said
        make_native(i);
      }
      ++i;
    }
    return std::move(made_);
  }

 private:
  static std::string path(std::size_t step) { return "transforms[" + std::to_string(step) + ']'; }

  void make_native(std::size_t at) {
    const StepConfig& config = flow_.transforms[at];
    Made step = native_steps().at(config.kind)(config);
    if (step) {
      made_.steps.push_back({config.kind, *std::move(step)});
    } else {
      made_.errors.push_back({path(at) + '.' + config.kind, step.error().message});
    }
  }

  // Those that follow one another run together. Returns the step behind them.
  std::size_t make_expressions(std::size_t first) {
    SqlExpressionOptions options{.clauses = {}, .types = flow_.types};
    std::string name;
    std::size_t at = first;
    for (; at < flow_.transforms.size() && is_expression(flow_.transforms[at]); ++at) {
      const StepConfig& config = flow_.transforms[at];
      options.clauses.push_back(config.kind == "filter" ? SqlClause{.condition = config.text}
                                                        : SqlClause{.fields = config.pairs});
      name += (name.empty() ? "" : "+") + config.kind;
    }
    SqlMade made = make_sql_expressions(options);
    const auto where = [&](std::size_t clause, std::size_t field) {
      const StepConfig& config = flow_.transforms[first + clause];
      const std::string step = path(first + clause) + '.' + config.kind;
      return config.kind == "set" && field < config.pairs.size()
                 ? step + '.' + config.pairs[field].first
                 : step;
    };
    take(std::move(made), name, where);
    return at;
  }

  void make_select(std::size_t at) {
    SqlSelectOptions options = flow_.transforms[at].sql;
    options.types = flow_.types;
    take(make_sql_select(std::move(options)), "sql",
         [&](std::size_t, std::size_t) { return path(at) + ".sql.query"; });
  }

  template <class Where>
  void take(SqlMade made, const std::string& name, const Where& where) {
    if (made.step == nullptr) {
      made_.errors.push_back(
          {where(made.fault.clause, made.fault.field), made.fault.message, made.fault.offset});
      return;
    }
    for (const std::string& warning : made.step->warnings()) {
      made_.warnings.push_back({where(0, 0), warning});
    }
    made_.steps.push_back({name, std::move(made.step)});
  }

  const FlowConfig& flow_;
  MadeSteps made_;
};

}  // namespace

MadeSteps make_steps(const FlowConfig& flow) {
  return Maker(flow).make();
}

}  // namespace sluice
