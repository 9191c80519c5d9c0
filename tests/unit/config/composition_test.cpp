// Several files become one configuration.
#include "tests/support/temp_directory.h"
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test
using List = std::vector<std::string>;

const std::string kValid = kSource + kFlow + kSink;
const std::string kSecondSink = "sinks:\n  archive:\n    type: stdout\n";

class Composition : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path(directory_.file(name));
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  [[nodiscard]] ConfigFiles files(const List& names, const std::string& environment = "") const {
    ConfigFiles files;
    for (const std::string& name : names) {
      files.paths.push_back(directory_.file(name));
    }
    files.environment = environment;
    return files;
  }

  [[nodiscard]] LoadedConfig load_main() const { return load_config(files({"sluice.yaml"})); }

  // "conf.d/a.yaml:3:5 sinks.archive", without the directory of this test.
  [[nodiscard]] List places(const LoadedConfig& loaded) const {
    List found;
    for (const Diagnostic& each : loaded.diagnostics) {
      found.push_back(
          std::filesystem::path(each.file).lexically_relative(directory_.path()).string() + ':' +
          std::to_string(each.line) + ':' + std::to_string(each.column) + ' ' + each.path);
    }
    return found;
  }

  static List names(const LoadedConfig& loaded) {
    List names;
    for (const SinkConfig& sink : loaded.config.sinks) {
      names.push_back(sink.name);
    }
    return names;
  }

  TempDirectory directory_;
};

TEST_F(Composition, IncludesInTheOrderOfTheListAndOfTheNames) {
  write("sluice.yaml", "include: [z.yaml, conf.d/*.yaml]\n" + kValid);
  write("z.yaml", "sinks: {z: {type: stdout}}\n");
  write("conf.d/b.yaml", "sinks: {b: {type: stdout}}\n");
  write("conf.d/a.yaml", "sinks: {a: {type: stdout}}\n");
  write("conf.d/.hidden.yaml", "nonsense: true\n");
  const LoadedConfig loaded = load_main();
  EXPECT_TRUE(loaded.ok()) << report(loaded);
  EXPECT_EQ(names(loaded), (List{"cloud", "z", "a", "b"}));
}

TEST_F(Composition, LooksForIncludedFilesBesideTheFileThatNamesThem) {
  write("sluice.yaml", "include: [conf.d/more.yaml]\n" + kValid);
  write("conf.d/more.yaml", "include: [deep/*.yaml]\n");
  write("conf.d/deep/one.yaml", kSecondSink);
  EXPECT_EQ(names(load_main()), (List{"cloud", "archive"}));
}

TEST_F(Composition, TakesADirectoryWithSignsInItsNameForWhatItIs) {
  write("[a]*/sluice.yaml", "include: [conf.d/*.yaml]\n" + kValid);
  write("[a]*/conf.d/one.yaml", kSecondSink);
  EXPECT_EQ(names(load_config(files({"[a]*/sluice.yaml"}))), (List{"cloud", "archive"}));
}

TEST_F(Composition, MayIncludeNothing) {
  write("sluice.yaml", "include: [conf.d/*.yaml, off.yaml]\n" + kValid);
  write("off.yaml", "# sinks: {archive: {type: stdout}}\n");
  const LoadedConfig loaded = load_main();
  EXPECT_EQ(places(loaded), List{}) << report(loaded);
}

TEST_F(Composition, ReadsAFileOnceHoweverOftenItIsNamed) {
  write("sluice.yaml", "include: [a.yaml, b.yaml, './a.yaml', '*.inc']\n" + kValid);
  write("a.yaml", "include: [shared.inc]\n");
  write("b.yaml", "include: [shared.inc]\n");
  write("shared.inc", kSecondSink);
  const LoadedConfig loaded = load_main();
  EXPECT_TRUE(loaded.ok()) << report(loaded);
  EXPECT_EQ(names(loaded), (List{"cloud", "archive"}));
}

TEST_F(Composition, MayConsistOfManyFiles) {
  write("sluice.yaml", "include: [conf.d/*]\n" + kValid);
  for (int i = 0; i < 150; ++i) {
    std::string sinks = "sinks:\n";
    for (int j = 0; j < 5; ++j) {
      sinks += "  s" + std::to_string(5 * i + j) + ": {type: stdout}\n";
    }
    write("conf.d/" + std::to_string(i), sinks);
  }
  const LoadedConfig loaded = load_main();
  EXPECT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.config.sinks.size(), 751U);
}

TEST_F(Composition, CompletesSectionsKeyByKey) {
  write("sluice.yaml", "include: [agent.yaml]\nagent: {id: edge-1}\n" + kValid);
  write("agent.yaml", "agent: {data_dir: /data}\nbuffer: {max_size: 2GiB}\n");
  const LoadedConfig loaded = load_main();
  EXPECT_EQ(loaded.config.agent.id, "edge-1");
  EXPECT_EQ(loaded.config.agent.data_dir, "/data");
  EXPECT_EQ(loaded.config.buffer.max_size, 2ULL << 30U);
}

TEST_F(Composition, RefusesWhatTwoFilesDefine) {
  write("sluice.yaml", "include: [a.yaml]\nagent: {id: edge-1}\n" + kValid);
  write("a.yaml", "agent:\n  id: edge-2\nsinks:\n  cloud: {type: stdout}\n");
  const LoadedConfig loaded = load_main();
  EXPECT_EQ(places(loaded), (List{"a.yaml:2:3 agent.id", "a.yaml:4:3 sinks.cloud"}));
  EXPECT_NE(
      report(loaded).find("is defined already, in " + directory_.file("sluice.yaml") + ":12:"),
      std::string::npos)
      << report(loaded);
  EXPECT_EQ(loaded.config.agent.id, "edge-1");
}

TEST_F(Composition, NamesTheChainOfACycle) {
  write("sluice.yaml", "include: [a.yaml]\n" + kValid);
  write("a.yaml", "include: [b.yaml]\n");
  write("b.yaml", "include: [./a.yaml]\n");
  const LoadedConfig loaded = load_main();
  ASSERT_EQ(places(loaded), List{"b.yaml:1:11 include[0]"});
  EXPECT_NE(loaded.diagnostics[0].message.find(directory_.file("a.yaml") + " → " +
                                               directory_.file("b.yaml") + " → " +
                                               directory_.file("a.yaml")),
            std::string::npos)
      << report(loaded);
}

TEST_F(Composition, KnowsACycleBehindALink) {
  write("sluice.yaml", "include: [link.yaml]\n" + kValid);
  std::filesystem::create_symlink("sluice.yaml", directory_.file("link.yaml"));
  EXPECT_EQ(places(load_main()), List{"sluice.yaml:1:11 include[0]"});
}

TEST_F(Composition, HasAnEndForAChainThatHasNone) {
  for (int i = 0; i < 300; ++i) {
    write(std::to_string(i) + ".yaml", "include: [" + std::to_string(i + 1) + ".yaml]\n");
  }
  write("sluice.yaml", "include: [0.yaml]\n" + kValid);
  const LoadedConfig loaded = load_main();
  EXPECT_EQ(places(loaded), List{"198.yaml:1:11 include[0]"}) << report(loaded);
}

TEST_F(Composition, LaysLaterFilesOverEarlierOnes) {
  write("sluice.yaml", with_source("tls: {ca: /a.pem}\n    qos: 0") + "agent: {id: a}\n");
  write("site.yaml",
        "sources: {plant: {url: mqtts://far, topics: [b, a/c], tls: {alpn: [mqtt]}}}\n");
  write("host.yaml", "agent: {id: c}\n");
  const LoadedConfig loaded = load_config(files({"sluice.yaml", "site.yaml", "host.yaml"}));
  EXPECT_TRUE(loaded.ok()) << report(loaded);
  const MqttSourceOptions& source = loaded.config.sources.at(0).mqtt;
  EXPECT_EQ(source.url.scheme, "mqtts");
  EXPECT_EQ(source.topics, (List{"b", "a/c"}));
  EXPECT_EQ(source.qos, 0);
  EXPECT_EQ(source.tls.ca, "/a.pem");
  EXPECT_EQ(loaded.config.agent.id, "c");
}

TEST_F(Composition, LeavesASectionInWhichNothingIsSaid) {
  write("sluice.yaml", kValid);
  write("site.yaml", "sinks:\n  # cloud: {url: http://other}\nsources: {}\n");
  EXPECT_EQ(places(load_config(files({"sluice.yaml", "site.yaml"}))), List{});
}

TEST_F(Composition, ReportsWhereTheValueReallyStands) {
  write("sluice.yaml", kValid);
  write("site.yaml", "sinks:\n  cloud:\n    timeout: 5\n  spare:\n    type: stdout\n");
  const LoadedConfig loaded = load_config(files({"sluice.yaml", "site.yaml"}));
  EXPECT_EQ(places(loaded),
            (List{"site.yaml:3:14 sinks.cloud.timeout", "site.yaml:4:3 sinks.spare"}));
  EXPECT_NE(report(loaded).find("    timeout: 5\n             ^\n"), std::string::npos);
  write("empty.yaml", "sinks:\n  cloud:\n    url:\n");
  EXPECT_EQ(places(load_config(files({"sluice.yaml", "empty.yaml"}))),
            List{"empty.yaml:3:5 sinks.cloud.url"});
}

TEST_F(Composition, LaysTheFileOfTheEnvironmentOverTheFirstOne) {
  write("sluice.yaml", "agent: {id: a, data_dir: /a}\n" + kValid);
  write("sluice.staging.yaml", "agent: {id: b, data_dir: /b}\n");
  write("host.yaml", "agent: {id: c}\n");
  const LoadedConfig loaded = load_config(files({"sluice.yaml", "host.yaml"}, "staging"));
  EXPECT_TRUE(loaded.ok()) << report(loaded);
  EXPECT_EQ(loaded.config.agent.id, "c");
  EXPECT_EQ(loaded.config.agent.data_dir, "/b");
}

TEST_F(Composition, MissesTheFileOfAnEnvironment) {
  write("sluice.yaml", kValid);
  EXPECT_EQ(places(load_config(files({"sluice.yaml"}, "staging"))),
            List{"sluice.staging.yaml:0:0 "});
  EXPECT_FALSE(load_config(files({"sluice.yaml"}, "../x")).ok());
}

TEST_F(Composition, ReportsEveryFileThatIsNotYaml) {
  write("sluice.yaml", "include: [a.yaml, b.yaml]\nnonsense: 1\n" + kValid);
  write("a.yaml", "a: [\n");
  write("b.yaml", "b: 'x\n");
  const LoadedConfig loaded = load_main();
  EXPECT_EQ(loaded.diagnostics.size(), 2U) << report(loaded);
  EXPECT_FALSE(loaded.ok());
}

TEST_F(Composition, MergesWhatAnAliasOrAMergeBrings) {
  write("sluice.yaml", "agent: &agent {id: a, data_dir: /a}\n" + kValid);
  write("site.yaml", "agent: {<<: {id: b, shutdown_timeout: 20s}, data_dir: /b}\n");
  const LoadedConfig loaded = load_config(files({"sluice.yaml", "site.yaml"}));
  EXPECT_TRUE(loaded.ok()) << report(loaded);
  EXPECT_EQ(loaded.config.agent.id, "b");
  EXPECT_EQ(loaded.config.agent.shutdown_timeout, std::chrono::seconds(20));
  EXPECT_EQ(loaded.config.agent.data_dir, "/b");
}

TEST_F(Composition, HasAnEndForMapsThatHoldThemselves) {
  write("sluice.yaml", "x: &x {a: *x, b: *x, c: *x}\n" + kValid);
  write("site.yaml", "x: &x {a: *x, b: *x, c: *x}\n");
  const LoadedConfig loaded = load_config(files({"sluice.yaml", "site.yaml"}));
  EXPECT_FALSE(loaded.ok());
  EXPECT_NE(report(loaded).find("describe too much"), std::string::npos) << report(loaded);
}

TEST_F(Composition, ShowsNoSecretThatAnotherFileReplaces) {
  write("sluice.yaml",
        "include: [a.yaml]\n" + kSource + kFlow +
            "sinks: {cloud: {url: http://h, auth: {bearer: hunter2, bearr: hunter2}}}\n");
  write("a.yaml", "sinks: {cloud: {url: http://h, auth: {bearer: hunter2}}}\n");
  write("site.yaml", "sinks: {cloud: {auth: {bearer: \"${HOME}\"}}}\n");
  const LoadedConfig loaded = load_config(files({"sluice.yaml", "site.yaml"}));
  EXPECT_EQ(places(loaded).size(), 2U) << report(loaded);
  EXPECT_EQ(report(loaded).find("hunter2"), std::string::npos) << report(loaded);
}

TEST_F(Composition, IsShownAsItIsInForce) {
  const EnvironmentVariable token("SLUICE_TEST_TOKEN", "geheim");
  write("sluice.yaml", "include: [a.yaml]\n" + kValid);
  write("a.yaml", kSecondSink);
  write("site.yaml", "sinks: {cloud: {auth: {bearer: \"${SLUICE_TEST_TOKEN}\"}, timeout: 5s}}\n");
  const auto text = effective_config(files({"sluice.yaml", "site.yaml"}));
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("  archive:\n    type: \"stdout\"\n"), std::string::npos) << *text;
  EXPECT_NE(text->find("    timeout: 5s\n"), std::string::npos) << *text;
  EXPECT_NE(text->find("bearer: \"******\"\n"), std::string::npos) << *text;
  EXPECT_EQ(text->find("geheim"), std::string::npos) << *text;
  write("again.yaml", *text);
  const LoadedConfig again = load_config(files({"again.yaml"}));
  EXPECT_TRUE(again.ok()) << report(again);
  EXPECT_EQ(names(again), (List{"cloud", "archive"}));
}

}  // namespace
}  // namespace sluice
