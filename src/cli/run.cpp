// qaio run: one request in this process, without a server.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

#include "app/config.h"
#include "app/runtime.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/local_call.h"
#include "cli/outcome_text.h"
#include "cli/terminal.h"
#include "server/api/api.h"
#include "tasks/labels.h"

namespace qaio {
namespace {

struct Options {
  RuntimeOptions runtime;
  std::string text;
  std::string task;  // empty: what /chat does
  std::optional<uint64_t> seed;
  bool json = false;
};

// The body of the answer that the server would give to the same request.
Result<void> print_json(const Options& options, const Runtime& runtime) {
  BackendSlot slot;
  slot.set(std::make_shared<const Backend>(runtime.backend()));
  Router router;
  add_api(router, slot, ApiLimits());
  std::string body = fmt::format("{{\"input\": {}", json_quote(options.text));
  if (options.seed) body += fmt::format(", \"seed\": {}", *options.seed);
  const std::string path = options.task.empty() ? "/chat" : "/v1/tasks/" + options.task;
  const HttpResponse answer = call_locally(router, path, body + "}", SteadyClock::instance());
  if (answer.status == 200) {
    fmt::print("{}\n", answer.body);
    return {};
  }
  QAIO_ASSIGN(const boost::json::value error, parse_json(answer.body, "the answer"));
  return fail(ErrorCode::kInternal, std::string(error.at("error").at("message").as_string()));
}

Result<void> print_text(const Options& options, const Runtime& runtime) {
  PipelineRequest request;
  request.tasks = {options.task};
  if (options.task.empty()) request.tasks = {"sentiment", "chat"};
  request.input = options.text;
  request.overrides.seed = options.seed;
  const RequestOutcome outcome = run_and_wait(runtime.pipeline(), request);
  if (outcome.error) return tl::unexpected<Error>(*outcome.error);
  for (const TaskOutcome& task : outcome.tasks)
    fmt::print("{}: {}\n", task.task, answer_text(task));
  fmt::print("\n{}", breakdown_table(outcome));
  return {};
}

Result<void> run(CLI::App& command, Options& options) {
  QAIO_ASSIGN(const TomlFile config, apply_config(command, options.runtime.config));
  QAIO_ASSIGN(const auto runtime, Runtime::create(options.runtime, config));
  print_warnings(*runtime);
  return options.json ? print_json(options, *runtime) : print_text(options, *runtime);
}

}  // namespace

void add_run(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("run", "Answer one text: sentiment, reply, and where the time went");
  command->add_option("text", options->text, "What the user says")
      ->required()
      ->type_name("TEXT")
      ->check([](const std::string& text) {
        return trim(text).empty() ? "it must not be blank" : std::string();
      });
  add_runtime_options(*command, options->runtime);
  command->add_option("--task", options->task, "One task instead of sentiment and chat")
      ->type_name("NAME");
  command->add_option("--seed", options->seed, "Same seed, same reply")->type_name("N");
  command->add_flag("--json", options->json, "Print what POST /chat answers");
  command->callback(
      [command, options, &exit_code] { exit_code = exit_code_of(run(*command, *options)); });
}

}  // namespace qaio
