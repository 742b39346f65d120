#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include "base/memory_limit.h"
#include "cli/commands.h"

namespace qaio {
namespace {

// A file that is opened must not take the place of a standard one that whoever started the program
// closed: a log line would be written into an archive.
void keep_standard_files() {
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (fd >= 0 && fd <= 2);
  if (fd > 2) ::close(fd);
}

int run(int argc, char** argv) {
  keep_standard_files();
  std::signal(SIGXFSZ, SIG_IGN);  // a write past a limit on files fails as on a full disk
  CLI::App app("Qwen All-in-One: one small Qwen model, many tasks, every millisecond accounted for",
               "qaio");
  app.set_version_flag("--version", std::string("qaio ") + QAIO_VERSION);
  app.require_subcommand(1);
  app.footer(
      "`qaio COMMAND --help` tells more.\n"
      "Exit codes: 0 done, 1 the answer is no, 2 usage, 3 failed.\n");

  ExitCode exit_code = ExitCode::kOk;
  add_serve(app, exit_code);
  add_run(app, exit_code);
  add_chat(app, exit_code);
  add_bench(app, exit_code);
  add_load(app, exit_code);
  add_keys(app, exit_code);
  add_export(app, exit_code);
  add_eval(app, exit_code);
  add_report(app, exit_code);
  add_compare(app, exit_code);
  add_convert(app, exit_code);
  add_inspect(app, exit_code);
  add_tokenize(app, exit_code);
  add_logits(app, exit_code);
  add_synth(app, exit_code);

  for (CLI::App* command : app.get_subcommands({})) command->footer("");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::fprintf(stderr, "qaio: %s\nTry `%s --help`.\n", error.what(),
                 app.get_subcommands().empty()
                     ? "qaio"
                     : ("qaio " + app.get_subcommands().front()->get_name()).c_str());
    return static_cast<int>(ExitCode::kUsage);
  } catch (const std::exception& error) {  // out of memory
    return static_cast<int>(
        exit_code_of(fail(ErrorCode::kResourceExhausted, shortage_text(error))));
  }
  return static_cast<int>(exit_code);
}

// Output that is lost, on a full disk for example, is a failure of whichever command wrote it. A
// reader that has left is none: it has what it wanted.
int with_output_written(int exit_code) {
  errno = 0;
  std::cout.flush();
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  const bool told = exit_code == static_cast<int>(ExitCode::kFailed);
  if (written || told || errno == EPIPE) return exit_code;
  std::fprintf(stderr, "qaio: standard output: cannot write: %s\n",
               errno != 0 ? std::strerror(errno) : "an earlier write failed");
  return static_cast<int>(ExitCode::kFailed);
}

}  // namespace
}  // namespace qaio

int main(int argc, char** argv) { return qaio::with_output_written(qaio::run(argc, argv)); }
