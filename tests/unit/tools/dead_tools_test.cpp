// `sluice dead …` against a running store and against a stopped one: the same answers.
#include "tools/dead_tools.h"

#include "tests/support/dead_letters.h"
#include "tests/unit/tools/tool_fixture.h"
#include "tools/buffer_tools.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

namespace sluice {
namespace {

using testing_support::block_of_lines;
using testing_support::compress;
using testing_support::Fetch;
using testing_support::line_of;
using testing_support::list_dead_letters;
using testing_support::Mode;
using testing_support::name_of_mode;
using testing_support::ToolTest;

class DeadTools : public ToolTest {
 protected:
  // Records 1 and 3 of `logs` are refused by cloud, and the archive has them; 2 of `data` is too
  // large.
  void fill() {
    store_->store(0, 1, 1);
    store_->store(1, 2, 1);
    store_->store(0, 3, 1);
    SqliteBuffer& buffer = store_->buffer();
    buffer.confirm(FlowIndex(0), SinkIndex(1), Sequence(0), Sequence(3));
    bury(0, 1, "refused", "422: no such sensor\x1b[31m");
    bury(1, 2, "too_large", "413");
    bury(0, 3, "refused", "422: again");
    store_->store(1, 4, 1);
  }
  // Two messages that could not be decoded, as an agent keeps them, and their lines. The payload of
  // the second is not UTF-8.
  std::string fill_with_input() {
    const std::string text =
        R"({"seq":2,"ts":1700000000000,"topic":"plant/a","text":"{\"broken\""})"
        "\n";
    const std::string base64 =
        R"({"seq":3,"ts":1700000000001,"topic":"plant/b","base64":"/wB/gA=="})"
        "\n";
    SealedBlock sealed = block_of_lines(0, 1, 1);
    sealed.counted = {{"received", 3}};
    for (const std::string& line : {text, base64}) {
      Block letter = *block_of_lines(0, 2 + sealed.dead.size(), 1).block;
      letter.raw_bytes = static_cast<std::uint32_t>(line.size());
      letter.data = compress(line);
      sealed.dead.push_back({.block = std::make_shared<const Block>(std::move(letter)),
                             .why = {.reason = "invalid_json", .detail = "it ends too early"}});
    }
    store_->buffer().submit(std::move(sealed));
    store_->store(0, 4, 1);
    return text + base64;
  }
  void bury(std::size_t flow, std::uint64_t sequence, std::string reason, std::string detail) {
    store_->buffer().bury(FlowIndex(flow), SinkIndex(0), Sequence(sequence - 1), Sequence(sequence),
                          {std::move(reason), std::move(detail)});
  }

  std::string listed(const DeadChoice& choice = {}, bool json = false) {
    std::ostringstream out;
    const Status done = list_dead(reach(), choice, json, out);
    return done ? out.str() : "error: " + done.error().message;
  }
  std::string shown(const DeadChoice& choice = {}) {
    std::ostringstream out;
    const Status done = show_dead(reach(), choice, out);
    return done ? out.str() : "error: " + done.error().message;
  }
  std::string retried(const DeadChoice& choice = {}) {
    std::ostringstream out;
    const Status done = retry_dead(reach(ToolUse::Change), choice, out);
    return done ? out.str() : out.str() + "error: " + done.error().message;
  }
  std::string dropped(const DeadChoice& choice, bool yes) {
    std::ostringstream out;
    const Status done = drop_dead(reach(ToolUse::Change), choice, yes, out);
    return done ? out.str() : out.str() + "error: " + done.error().message;
  }
};

INSTANTIATE_TEST_SUITE_P(Each, DeadTools, testing::Values(Mode::Running, Mode::Stopped),
                         name_of_mode);

TEST_P(DeadTools, ListWhatNoSinkWillTake) {
  EXPECT_EQ(listed(), "no dead letters\n");
  let_go();
  fill();
  const std::string text = listed();
  EXPECT_NE(text.find("REASON"), std::string::npos) << text;
  EXPECT_NE(text.find("too_large"), std::string::npos) << text;
  EXPECT_NE(text.find("422: no such sensor [31m"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "a server must not control the terminal";
  const std::string json = listed({}, true);
  EXPECT_NE(json.find("\"reason\":\"too_large\",\"detail\":\"413\""), std::string::npos) << json;
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 3);
}

TEST_P(DeadTools, ChooseByFlowSinkReasonTimeAndNumber) {
  fill();
  EXPECT_EQ(shown(), line_of(1) + line_of(2) + line_of(3));
  EXPECT_EQ(shown({.flow = "data"}), line_of(2));
  EXPECT_EQ(shown({.sink = "cloud"}), line_of(1) + line_of(2) + line_of(3));
  EXPECT_EQ(shown({.sink = "archive"}), "");
  EXPECT_EQ(shown({.reason = "refused"}), line_of(1) + line_of(3));
  EXPECT_EQ(shown({.since = "1h"}), line_of(1) + line_of(2) + line_of(3));
  EXPECT_EQ(shown({.since = "2999-01-01"}), "");
  EXPECT_EQ(shown({.id = "2"}), line_of(2));
  EXPECT_TRUE(shown({.since = "soon"}).starts_with("error: soon is not a time"));
  EXPECT_EQ(shown({.id = "x"}), "error: id is not a number");
}

TEST_P(DeadTools, TellThatNoSinkHasSeenIt) {
  const std::string line = fill_with_input();
  const std::string text = listed();
  EXPECT_NE(text.find("  logs  -            2"), std::string::npos) << text;
  EXPECT_NE(listed({}, true).find(R"("flow":"logs","sink":null,"first_seq":2,)"),
            std::string::npos);
  EXPECT_EQ(shown(), line);
  EXPECT_EQ(shown({.sink = "-"}), line);
  EXPECT_EQ(shown({.sink = "cloud"}), "");
  std::ostringstream findings;
  const Result<bool> clean = verify_buffer(reach(), false, findings);
  ASSERT_TRUE(clean);
  EXPECT_TRUE(*clean) << findings.str();
}

TEST_P(DeadTools, PutAMessageThroughItsFlowOnceMore) {
  const std::string lines = fill_with_input();
  if (GetParam() == Mode::Stopped) {
    const std::string refusal = retried();
    EXPECT_TRUE(refusal.starts_with("0 dead letter(s) will be sent once more\nerror: 2 not: "))
        << refusal;
    EXPECT_NE(refusal.find("only a running agent"), std::string::npos) << refusal;
    let_go();
    EXPECT_EQ(shown(), lines);
    return;
  }
  // The command waits until what comes of the messages is settled.
  std::future<std::string> answer = std::async(std::launch::async, [this] { return retried(); });
  const auto held = store_->retries().wait_for(2);
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(held[0].input.flow, "logs");
  EXPECT_EQ(held[0].input.topic, "plant/a");
  EXPECT_EQ(held[0].input.time, Timestamp(std::chrono::milliseconds(1'700'000'000'000)));
  EXPECT_EQ(held[0].input.payload, R"({"broken")");
  EXPECT_EQ(held[1].input.payload, std::string("\xff\0\x7f\x80", 4));
  const auto letters = list_dead_letters(store_->buffer(), DeadId(0), 9);
  ASSERT_TRUE(letters);
  EXPECT_EQ(letters->size(), 2U) << "one is gone before its message is settled";
  held[0].settled({});
  held[1].settled(Error{Reaction::Reject, "there is no such flow"});
  EXPECT_EQ(answer.get(),
            "1 dead letter(s) will be sent once more\nerror: 1 not: there is no such flow");
  EXPECT_EQ(shown(), lines.substr(lines.find('\n') + 1));
  EXPECT_EQ(store_->buffer().ledgers().at("logs").at("retried_input"), 1U);
}

TEST_P(DeadTools, SendThemOnceMore) {
  fill();
  EXPECT_EQ(retried({.reason = "refused"}), "2 dead letter(s) will be sent once more\n");
  let_go();
  EXPECT_EQ(Fetch(store_->buffer(), 0, 0).first(), 1U) << "the sink is handed it again";
  EXPECT_EQ(shown(), line_of(2));
}

TEST_P(DeadTools, DropOnlyWhenSomebodySaysYes) {
  fill();
  EXPECT_NE(dropped({}, false).find("nothing was dropped"), std::string::npos);
  let_go();
  EXPECT_EQ(dropped({.flow = "logs"}, true), "2 dead letter(s) dropped\n");
  let_go();
  EXPECT_EQ(shown(), line_of(2));
}

TEST_P(DeadTools, WorkThroughManyInPieces) {
  constexpr std::uint64_t kLetters = 200;
  for (std::uint64_t sequence = 1; sequence <= kLetters; ++sequence) {
    store_->store(1, sequence, 1);
    bury(1, sequence, "refused", "");  // before it can be put together with others
  }
  store_->store(0, kLetters + 1, 1);
  EXPECT_EQ(retried(), "200 dead letter(s) will be sent once more\n");
  let_go();
  EXPECT_EQ(listed(), "no dead letters\n");
}

TEST_P(DeadTools, AreCountedInTheListing) {
  fill();
  std::ostringstream out;
  ASSERT_TRUE(list_buffer(reach(), false, out));
  EXPECT_NE(out.str().find("3 dead letter(s)"), std::string::npos) << out.str();
  std::ostringstream findings;
  const Result<bool> clean = verify_buffer(reach(), false, findings);
  ASSERT_TRUE(clean);
  EXPECT_TRUE(*clean) << findings.str();
}

}  // namespace
}  // namespace sluice
