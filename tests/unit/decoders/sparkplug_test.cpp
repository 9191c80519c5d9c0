#include "core/stateful.h"
#include "decoders/sparkplug_rebirth.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/decoders/decoding.h"
#include "tests/unit/decoders/sparkplug_vectors.h"

#include <gtest/gtest.h>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Records = std::vector<Decoded>;

struct Metric {
  std::string name;
  std::optional<std::uint64_t> alias;
  std::uint32_t type = 0;
  std::uint64_t integer = 0;
};

constexpr std::uint32_t kInt8 = 1;

std::string payload_of(const std::vector<Metric>& metrics) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_uint64(1, 1000);
  for (const Metric& metric : metrics) {
    protozero::pbf_writer one(writer, 2);
    if (!metric.name.empty()) {
      one.add_string(1, metric.name);
    }
    if (metric.alias) {
      one.add_uint64(2, *metric.alias);
    }
    if (metric.type != 0) {
      one.add_uint32(4, metric.type);
    }
    one.add_uint32(10, static_cast<std::uint32_t>(metric.integer));
  }
  return bytes;
}

std::string record(std::string_view topic, std::string_view metrics) {
  std::string text(R"({"group":"g","type":")");
  text += topic.substr(topic.find('/', 8) + 1);
  text.replace(text.find('/'), 1, R"(","node":")");
  if (const std::size_t slash = text.find('/'); slash != std::string::npos) {
    text.replace(slash, 1, R"(","device":")");
  }
  return text + R"(","timestamp":1000,"metrics":)" + std::string(metrics) + '}';
}

struct Request {
  std::string topic;
  std::string payload;
};

class Requests final : public RebirthRequests {
 public:
  void request(std::string_view topic, std::string_view payload) override {
    all.push_back({std::string(topic), std::string(payload)});
  }
  std::vector<Request> all;
};

class Sparkplug : public ::testing::Test {
 protected:
  Records decode(std::string_view topic, std::string_view payload) {
    return decode_all(*decoder_, payload, 0, topic);
  }
  Records decode(std::string_view topic, const std::vector<Metric>& metrics) {
    return decode(topic, payload_of(metrics));
  }

  std::unique_ptr<Decoder> new_decoder() {
    return make_decoder({.kind = DecoderKind::SparkplugB, .csv = {}, .layout = {}}, &requests_,
                        clock_);
  }

  // A kill: what is in memory is gone.
  Status restart(std::string_view saved) {
    decoder_ = new_decoder();
    return decoder_->state()->restore(saved);
  }

  testing_support::FakeClock clock_;
  Requests requests_;
  std::unique_ptr<Decoder> decoder_ = new_decoder();
};

TEST_F(Sparkplug, ReadsWhatAnotherEncoderWrites) {
  for (const SparkplugVector& vector : sparkplug_vectors()) {
    SCOPED_TRACE(vector.what);
    MessageBatch batch;
    batch.add({.topic = vector.topic, .payload = vector.payload, .received = {}});
    std::vector<Record> records;
    decoder_->decode(batch[0], records);
    ASSERT_EQ(records.size(), 1U);
    const std::string milliseconds = std::to_string(records[0].time.time_since_epoch().count());
    EXPECT_EQ(records[0].body, vector.json);
    EXPECT_EQ(records[0].error.empty() ? milliseconds
                                       : milliseconds + ' ' + std::string(records[0].error),
              vector.time);
    EXPECT_EQ(records[0].kind, BodyKind::Json);
  }
}

TEST_F(Sparkplug, TakesTheTimeOfArrivalIfThePayloadHasNone) {
  MessageBatch batch;
  const Timestamp received(5s);
  batch.add({.topic = "spBv1.0/g/NDATA/n", .payload = "", .received = received});
  std::vector<Record> records;
  decoder_->decode(batch[0], records);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].time, received);
  EXPECT_EQ(records[0].body, R"({"group":"g","type":"NDATA","node":"n","metrics":{}})");
}

TEST_F(Sparkplug, MakesSeveralRecordsOfAMessageThatHasAMetricSeveralTimes) {
  EXPECT_EQ(
      decode("spBv1.0/g/NDATA/n",
             {{"a", {}, kInt8, 1}, {"b", {}, kInt8, 2}, {"a", {}, kInt8, 3}, {"a", {}, kInt8, 4}}),
      (Records{json(record("spBv1.0/g/NDATA/n", R"({"a":1,"b":2})")),
               json(record("spBv1.0/g/NDATA/n", R"({"a":3})")),
               json(record("spBv1.0/g/NDATA/n", R"({"a":4})"))}));
}

TEST_F(Sparkplug, PassesOnWhatHostsSayAboutThemselves) {
  EXPECT_EQ(decode("STATE/scada", "OFFLINE"), Records{text("OFFLINE")});
  EXPECT_EQ(decode("spBv1.0/STATE/scada", R"({"online":true})"),
            Records{json(R"({"online":true})")});
}

TEST_F(Sparkplug, KeepsWhatIsNotSparkplug) {
  for (const std::string_view topic :
       {"a/b", "spBv1.0/g/NDATA", "spBv1.0/g/NDATA/n/d", "spBv1.0/g/DDATA/n", "spBv1.0//NDATA/n",
        "spBv1.0/g/XDATA/n", "spBv1.0/g/DDATA/n/d/e", "spAv1.0/g/NDATA/n", "spBv1.0/g/NDATA/"}) {
    EXPECT_EQ(decode(topic, "x"), Records{binary("x", "not_sparkplug")}) << topic;
  }
}

TEST_F(Sparkplug, KeepsWhatIsNotAPayload) {
  const std::string whole = payload_of({{"a", 1, kInt8, 1}, {"b", 2, kInt8, 2}});
  EXPECT_EQ(decode("spBv1.0/g/NDATA/n", "\xFF"), Records{binary("\xFF", "invalid_sparkplug")});
  const std::string cut = whole.substr(0, whole.size() - 1);
  EXPECT_EQ(decode("spBv1.0/g/NBIRTH/n", cut), Records{binary(cut, "invalid_sparkplug")});
  EXPECT_FALSE(decoder_->state()->changed());  // a birth that cannot be read is none
}

TEST_F(Sparkplug, KeepsAPayloadWithTextThatIsNotUtf8) {
  const std::string bytes = payload_of({{"\xFF", {}, kInt8, 1}});
  EXPECT_EQ(decode("spBv1.0/g/NDATA/n", bytes), Records{binary(bytes, "invalid_utf8")});
}

TEST_F(Sparkplug, RefusesTemplatesThatNeverEnd) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) {  // a metric with a template with a metric …
    std::string outer;
    protozero::pbf_writer(outer).add_message(18, bytes);
    bytes.clear();
    protozero::pbf_writer(bytes).add_message(2, outer);
  }
  EXPECT_EQ(decode("spBv1.0/g/NDATA/n", bytes), Records{binary(bytes, "too_deep")});
}

TEST_F(Sparkplug, StopsWhenLongNamesWouldBlowUpTheOutput) {
  decode("spBv1.0/g/NBIRTH/n", {{std::string(1'000'000, 'n'), 1, kInt8, 1}});
  const std::string bytes = payload_of(std::vector<Metric>(100, {"", 1, 0, 1}));
  EXPECT_EQ(decode("spBv1.0/g/NDATA/n", bytes), Records{binary(bytes, "too_large")});
}

TEST_F(Sparkplug, LearnsAgainAtEveryBirth) {
  decode("spBv1.0/g/NBIRTH/n", {{"a", 1, kInt8, 0}});
  decode("spBv1.0/g/NBIRTH/n", {{"b", 1, kInt8, 0}});
  EXPECT_EQ(decode("spBv1.0/g/NDATA/n", {{"", 1, 0, 0xFF}}),
            Records{json(record("spBv1.0/g/NDATA/n", R"({"b":-1})"))});
}

TEST_F(Sparkplug, LearnsNothingFromAMetricWithoutAName) {
  decode("spBv1.0/g/NBIRTH/n", {{"", 1, kInt8, 0}});
  EXPECT_EQ(decode("spBv1.0/g/NDATA/n", {{"", 1, 0, 5}}),
            Records{json(record("spBv1.0/g/NDATA/n", R"({"alias:1":5})"), "unknown_alias")});
}

TEST_F(Sparkplug, KeepsTheAliasesAfterADeath) {
  decode("spBv1.0/g/NBIRTH/n", {{"a", 1, kInt8, 0}});
  decode("spBv1.0/g/NDEATH/n", {{"bdSeq", {}, 4, 7}});  // perhaps late: of the session before
  EXPECT_EQ(decode("spBv1.0/g/NDATA/n", {{"", 1, 0, 5}}),
            Records{json(record("spBv1.0/g/NDATA/n", R"({"a":5})"))});
}

TEST_F(Sparkplug, FindsTheAliasesAgainAfterARestart) {
  decode("spBv1.0/g/NBIRTH/n", {{"a", 1, kInt8, 0}, {"no alias", {}, kInt8, 0}});
  decode("spBv1.0/g/DBIRTH/n/d", {{"b", ~0ULL, kInt8, 0}, {"Ü", 0, 4, 0}});
  const std::string saved = decoder_->state()->save();
  ASSERT_TRUE(restart(saved));
  EXPECT_EQ(decode("spBv1.0/g/NDATA/n", {{"", 1, 0, 0xFF}, {"no alias", {}, 0, 0xFE}}),
            Records{json(record("spBv1.0/g/NDATA/n", R"({"a":-1,"no alias":-2})"))});
  EXPECT_EQ(decode("spBv1.0/g/DDATA/n/d", {{"", ~0ULL, 0, 0xFF}, {"", 0, 0, 7}}),
            Records{json(record("spBv1.0/g/DDATA/n/d", R"({"b":-1,"Ü":7})"))});
  EXPECT_EQ(decoder_->state()->save(), saved);
}

TEST_F(Sparkplug, HasChangedOnlyAfterABirthThatSaysSomethingNew) {
  Stateful& state = *decoder_->state();
  EXPECT_FALSE(state.changed());
  EXPECT_EQ(state.save(), "");
  decode("spBv1.0/g/NBIRTH/n", {{"a", 1, kInt8, 0}});
  EXPECT_TRUE(state.changed());
  state.save();
  EXPECT_FALSE(state.changed());
  decode("spBv1.0/g/NDATA/n", {{"", 1, 0, 5}});
  decode("spBv1.0/g/NBIRTH/n", {{"a", 1, kInt8, 3}});
  EXPECT_FALSE(state.changed());
  decode("spBv1.0/g/NBIRTH/n", {{"a", 2, kInt8, 3}});
  EXPECT_TRUE(state.changed());
}

TEST_F(Sparkplug, RefusesAStateThatIsDamagedAndKeepsItsOwn) {
  decode("spBv1.0/g/NBIRTH/n", {{"a", 1, kInt8, 0}});
  Stateful& state = *decoder_->state();
  const std::string saved = state.save();
  for (std::size_t size = 1; size < saved.size(); ++size) {
    const Status restored = state.restore(saved.substr(0, size));
    if (!restored) {
      EXPECT_EQ(restored.error().reaction, Reaction::Reject);
    }
  }
  EXPECT_FALSE(state.restore("{\"json\":1}"));
  EXPECT_FALSE(state.restore(payload_of({})));  // protocol buffers, but of something else
  ASSERT_TRUE(state.restore(saved));
  EXPECT_FALSE(state.restore(saved.substr(0, saved.size() - 1)));
  EXPECT_EQ(state.save(), saved);
  ASSERT_TRUE(state.restore(""));
  EXPECT_EQ(state.save(), "");
}

TEST_F(Sparkplug, ForgetsTheBirthThatWasNotNeededForLongest) {
  std::vector<Metric> many;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    many.push_back({std::string(1000, 'm') + std::to_string(i), i, kInt8, 0});
  }
  decode("spBv1.0/g/NBIRTH/old", {{"a", 1, kInt8, 0}});
  decode("spBv1.0/g/NBIRTH/used", {{"a", 1, kInt8, 0}});
  for (int i = 0; i < 8; ++i) {
    decode("spBv1.0/g/NBIRTH/n" + std::to_string(i), many);
    decode("spBv1.0/g/NDATA/used", {{"", 1, 0, 1}});
  }
  EXPECT_EQ(decode("spBv1.0/g/NDATA/used", {{"", 1, 0, 5}}).at(0).error, "");
  EXPECT_EQ(decode("spBv1.0/g/NDATA/n7", {{"", 999, 0, 5}}).at(0).error, "");
  EXPECT_EQ(decode("spBv1.0/g/NDATA/old", {{"", 1, 0, 5}}).at(0).error, "unknown_alias");
  EXPECT_EQ(decode("spBv1.0/g/NDATA/n0", {{"", 1, 0, 5}}).at(0).error, "unknown_alias");
  EXPECT_LT(decoder_->state()->save().size(), 4UL * 1024 * 1024);
}

TEST_F(Sparkplug, AsksTheNodeOfADeviceToBeBornAgain) {
  clock_.advance(10s);
  decode("spBv1.0/g/DDATA/n/d", {{"", 1, 0, 5}});
  ASSERT_EQ(requests_.all.size(), 1U);
  EXPECT_EQ(requests_.all[0].topic, "spBv1.0/g/NCMD/n");
  protozero::pbf_reader request(requests_.all[0].payload);
  ASSERT_TRUE(request.next(1));
  EXPECT_EQ(request.get_uint64(), clock_.now().time_since_epoch().count());
  ASSERT_TRUE(request.next(2));
  protozero::pbf_reader metric = request.get_message();
  ASSERT_TRUE(metric.next(1));
  EXPECT_EQ(metric.get_string(), "Node Control/Rebirth");
  ASSERT_TRUE(metric.next(4));
  EXPECT_EQ(metric.get_uint32(), 11U);
  ASSERT_TRUE(metric.next(14));
  EXPECT_TRUE(metric.get_bool());
}

TEST_F(Sparkplug, AsksEveryNodeOnlyNowAndThen) {
  for (int i = 0; i < 10; ++i) {
    decode("spBv1.0/g/NDATA/n", {{"", 1, 0, 5}});
    decode("spBv1.0/g/DDATA/n/d", {{"", 1, 0, 5}});
    decode("spBv1.0/g/NDATA/other", {{"a", {}, 0, 5}});  // the type is not known
  }
  EXPECT_EQ(requests_.all.size(), 2U);
  clock_.advance(kRebirthInterval - 1ms);
  decode("spBv1.0/g/NDATA/n", {{"", 1, 0, 5}});
  EXPECT_EQ(requests_.all.size(), 2U);
  clock_.advance(1ms);
  decode("spBv1.0/g/NDATA/n", {{"", 1, 0, 5}});
  EXPECT_EQ(requests_.all.size(), 3U);
}

TEST_F(Sparkplug, AsksABoundedNumberOfNodesAtOnce) {
  for (int i = 0; i < 1500; ++i) {
    decode("spBv1.0/g/NDATA/n" + std::to_string(i), {{"", 1, 0, 5}});
  }
  EXPECT_EQ(requests_.all.size(), 1000U);
  clock_.advance(kRebirthInterval);
  decode("spBv1.0/g/NDATA/n1499", {{"", 1, 0, 5}});
  EXPECT_EQ(requests_.all.size(), 1001U);
}

TEST_F(Sparkplug, AsksNoNodeWhoseNameIsVeryLong) {
  decode("spBv1.0/g/NDATA/" + std::string(1024, 'n'), {{"", 1, 0, 5}});
  EXPECT_TRUE(requests_.all.empty());
  decode("spBv1.0/g/NDATA/" + std::string(1023, 'n'), {{"", 1, 0, 5}});
  EXPECT_EQ(requests_.all.size(), 1U);
}

TEST_F(Sparkplug, AsksNobodyBecauseOfACommandOrADeath) {
  decode("spBv1.0/g/NCMD/n", {{"", 1, 0, 5}});
  decode("spBv1.0/g/NDEATH/n", {{"a", {}, 0, 5}});
  EXPECT_TRUE(requests_.all.empty());
}

}  // namespace
}  // namespace sluice
