// The command line: `sluice run | check | buffer … | dead …`.
#pragma once

namespace sluice {

// What the process returns. 78 is EX_CONFIG of <sysexits.h>: a supervisor need not try again.
enum class ExitCode { Success = 0, Failure = 1, Usage = 2, BadConfig = 78 };

// Reads the arguments, does what they say, and returns the exit code.
int run_command_line(int argc, char** argv);

}  // namespace sluice
