#include "commands/manual.h"

#include "commands/roff.h"
#include "commands/version.h"
#include "config/schema.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace sluice {

namespace {

// Without the date, so that the same version always makes the same page.
std::string title(std::string_view name, char section, std::string_view about) {
  return ".TH " + roff_text(name) + ' ' + section + R"( "" "sluice )" + roff_text(version()) +
         R"(" ")" + roff_text(about) + "\"\n";
}

std::string lines_of(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    result += roff_text(text.substr(0, end)) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string paragraph(std::string_view text) {
  return ".PP\n" + lines_of(text);
}

// \fB-c\fR, \fB--config\fR \fIFILE\fR
std::string name_of(const TreeOption& option) {
  std::string text;
  for (const std::string& name : option.names) {
    text += (text.empty() ? "" : ", ") + ("\\fB" + roff_text(name) + "\\fR");
  }
  if (!option.value.empty()) {
    text += (text.empty() ? "\\fI" : " \\fI") + roff_text(option.value) + "\\fR";
  }
  return text;
}

std::string entry_of(const TreeOption& option) {
  std::string text = ".TP\n" + name_of(option) + '\n' + roff_text(option.help);
  if (!option.default_value.empty()) {
    text += "; default: " + roff_text(option.default_value);
  }
  return text + '\n';
}

bool is_help(const TreeOption& option) {
  return !option.names.empty() && option.names.back() == "--help";
}

std::string part_of(const TreeCommand& command) {
  std::string text = ".SS " + roff_text(command.path) + '\n' + paragraph(command.about);
  for (const TreeOption& option : command.options) {
    text += is_help(option) ? "" : entry_of(option);
  }
  return text;
}

// What is said at the end of a command's help, once for all the commands that say it.
std::string notes_of(const TreeCommand& tree) {
  std::map<std::string, std::string> commands_of;
  for_each_command(tree, [&](const TreeCommand& command) {
    if (command.footer != tree.footer && !command.footer.empty()) {
      std::string& commands = commands_of[command.footer];
      commands += (commands.empty() ? "" : ", ") + command.path;
    }
  });
  std::string text = commands_of.empty() ? "" : ".SH NOTES\n";
  for (const auto& [footer, commands] : commands_of) {
    text += ".TP\n" + roff_text(commands) + '\n' + lines_of(footer);
  }
  return text;
}

constexpr std::string_view kRest = R"(.SH EXIT STATUS
.TP
0
Success.
.TP
1
Failure at run time; of a tool: a finding.
.TP
2
Wrong usage.
.TP
78
Bad configuration: starting again changes nothing.
.SH ENVIRONMENT
.TP
\fBhttps_proxy\fR, \fBhttp_proxy\fR, \fBall_proxy\fR, \fBno_proxy\fR
Proxies of HTTP sinks that have no \fBproxy\fR of their own.
.PP
The configuration file may name further variables.
.SH FILES
.TP
\fI/etc/sluice/sluice.yaml\fR
The configuration, unless \fB\-\-config\fR names another file.
.TP
\fI/var/lib/sluice\fR
The buffer, unless the configuration says otherwise.
.SH SIGNALS
.TP
SIGTERM, SIGINT
\fBsluice run\fR stores and acknowledges what has arrived, and ends. A second one ends it at once.
)";

}  // namespace

std::string manual_of_commands(const TreeCommand& tree) {
  std::string text = title("SLUICE", '1', "User Commands");
  text += ".SH NAME\nsluice \\- collect MQTT messages at the edge and forward them\n";
  text += ".SH SYNOPSIS\n\\fBsluice\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n";
  text += ".SH DESCRIPTION\n" + paragraph(tree.about);
  for (const TreeOption& option : tree.options) {
    text += entry_of(option);
  }
  text += ".SH COMMANDS\nEvery command knows \\fB\\-\\-help\\fR.\n";
  for_each_command(tree, [&](const TreeCommand& command) {
    if (&command != &tree && command.commands.empty()) {
      text += part_of(command);
    }
  });
  text += kRest;
  text += notes_of(tree);
  return text + ".SH SEE ALSO\n\\fBsluice.yaml\\fR(5)\n";
}

std::string manual_of_config() {
  return title("SLUICE.YAML", '5', "File Formats") +
         ".SH NAME\nsluice.yaml \\- configuration of sluice\n.SH DESCRIPTION\n" +
         roff_of_markdown(config_reference()) + ".SH SEE ALSO\n\\fBsluice\\fR(1)\n";
}

}  // namespace sluice
