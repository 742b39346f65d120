// The commands of `qaio`: each function adds one to the command line. When its command was chosen,
// parsing runs it and `exit_code` holds what the process returns.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>

#include "base/result.h"

namespace qaio {

enum class ExitCode : int {
  kOk = 0,
  kNo = 1,      // the answer is "no": a regression, a broken promise
  kUsage = 2,   // the command line is wrong
  kFailed = 3,  // it could not be done; one sentence on standard error says why
};

void add_serve(CLI::App& app, ExitCode& exit_code);
void add_run(CLI::App& app, ExitCode& exit_code);
void add_chat(CLI::App& app, ExitCode& exit_code);
void add_bench(CLI::App& app, ExitCode& exit_code);
void add_keys(CLI::App& app, ExitCode& exit_code);
void add_load(CLI::App& app, ExitCode& exit_code);
void add_export(CLI::App& app, ExitCode& exit_code);
void add_eval(CLI::App& app, ExitCode& exit_code);
void add_report(CLI::App& app, ExitCode& exit_code);
void add_compare(CLI::App& app, ExitCode& exit_code);
void add_convert(CLI::App& app, ExitCode& exit_code);
void add_inspect(CLI::App& app, ExitCode& exit_code);
void add_tokenize(CLI::App& app, ExitCode& exit_code);
void add_logits(CLI::App& app, ExitCode& exit_code);
void add_synth(CLI::App& app, ExitCode& exit_code);

// Prints the error, if any, as "qaio: <sentence>" on standard error, whose reader gets `patience`:
// as long as he likes.
ExitCode exit_code_of(const Result<void>& result,
                      std::chrono::milliseconds patience = std::chrono::milliseconds(-1));

}  // namespace qaio
