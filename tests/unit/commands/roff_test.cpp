#include "commands/roff.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Roff, PrintsWhatIsThere) {
  EXPECT_EQ(roff_text("a-b \\ ~^\"'`"), "a\\-b \\e \\(ti\\(ha\\(dq\\(aq\\(ga");
  EXPECT_EQ(roff_text(".so x"), "\\&.so x");
  EXPECT_EQ(roff_text("'x"), "\\&\\(aqx");
  EXPECT_EQ(roff_text("${…} é 🙂"), "${\\[u2026]} \\[u00E9] \\[u1F642]");
}

TEST(Roff, KnowsTheMarksOfMarkdown) {
  EXPECT_EQ(roff_marked("a `b*c` **d** *e* f"), "a \\fBb*c\\fR \\fBd\\fR \\fIe\\fR f");
  EXPECT_EQ(roff_marked("`-c`"), "\\fB\\-c\\fR");
  EXPECT_EQ(roff_marked("2 * 3, a`b"), "2 * 3, a\\(gab");
}

TEST(Roff, TurnsAPageIntoSections) {
  EXPECT_EQ(roff_of_markdown("# Title\n\nOne\ntwo.\n\n## `agent`\n\n### More\n\nThree.\n"),
            ".PP\nOne\ntwo.\n.SH \\fBagent\\fR\n.SS More\n.PP\nThree.\n");
}

TEST(Roff, KeepsExamplesAsTheyAre) {
  EXPECT_EQ(roff_of_markdown("See:\n\n    .a: `b`\n      c\n\nDone\n"),
            ".PP\nSee:\n.PP\n.RS 4\n.nf\n\\&.a: \\(gab\\(ga\n  c\n.fi\n.RE\n.PP\nDone\n");
}

TEST(Roff, MakesAnEntryOfEveryItemAndRow) {
  EXPECT_EQ(roff_of_markdown("- one\n  more\n- two\n"),
            ".IP \\(bu 2\none\nmore\n.IP \\(bu 2\ntwo\n");
  EXPECT_EQ(roff_of_markdown("| key | value | default | |\n|---|---|---|---|\n"
                             "| `a` | text | `b` | Help. |\n"
                             "| `c` | number |  | More. |\n"
                             "| `d` | URL | **required** | Last. |\n"),
            ".TP\n\\fBa\\fR (text; default: \\fBb\\fR)\nHelp.\n"
            ".TP\n\\fBc\\fR (number)\nMore.\n"
            ".TP\n\\fBd\\fR (URL, \\fBrequired\\fR)\nLast.\n");
}

}  // namespace
}  // namespace sluice
