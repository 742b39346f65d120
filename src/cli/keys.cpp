// qaio keys: the API keys of a server.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "access/key_file_edit.h"
#include "access/key_json.h"
#include "app/api_keys.h"
#include "base/bounded_write.h"
#include "base/clock.h"
#include "base/duration_text.h"
#include "base/text_table.h"
#include "base/time_argument.h"
#include "base/utc_text.h"
#include "cli/commands.h"

namespace qaio {
namespace {

constexpr size_t kNameMax = 64;

struct Options {
  std::string file;
  std::string name;
  std::vector<std::string> scopes = {std::string(scope_name(Scope::kRun))};
  std::optional<int64_t> expires_unix_ms;
  KeyLimits limits;
  bool json = false;
  std::vector<std::string> revoked;  // names or ids
};

int64_t now_unix_ms() { return SteadyClock::instance().wall_unix_ms(); }

std::string name_fault(const std::string& name) {
  const bool good =
      !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
      });
  if (good) return {};
  return fmt::format("'{}' is no name of a key: 1 to {} letters, digits, '_', '-' and '.'", name,
                     kNameMax);
}

std::string scope_fault(const std::string& name) {
  if (scope_of_name(name)) return {};
  return fmt::format("'{}' is no scope: run, read, metrics or admin", name);
}

// "30d" from now on, or a date.
Result<int64_t> read_expiry(const std::string& text) {
  if (text.empty()) {  // of a variable that is not set: it would be a key without an end
    return fail(ErrorCode::kInvalidArgument,
                "'' is no time; leave the option out for a key without an end");
  }
  const int64_t now_ms = now_unix_ms();
  if (const auto ns = parse_duration(text); ns && *ns > 0) return now_ms + *ns / 1'000'000;
  const bool date = text.size() >= 10 && text[4] == '-';
  const auto time_ms = parse_time(text, now_ms);
  if (!date || !time_ms || *time_ms >= kKeyTimeEndUnixMs) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("'{}' is no end of a key; write 30d or 12h (at most 10000d), 2027-01-31 (the "
                    "beginning of that day, UTC) or 2027-01-31T12:00:00Z (at most in 9998)",
                    text));
  }
  if (*time_ms > now_ms) return *time_ms;
  return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is in the past", text));
}

std::string limits_text(const KeyLimits& limits) {
  std::vector<std::string> parts;
  if (limits.requests_max > 0) parts.push_back(fmt::format("{} at once", limits.requests_max));
  if (limits.requests_per_minute > 0)
    parts.push_back(fmt::format("{} requests/min", limits.requests_per_minute));
  if (limits.tokens_per_minute > 0)
    parts.push_back(fmt::format("{} tokens/min", limits.tokens_per_minute));
  return parts.empty() ? "-" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string expiry_text(const ApiKey& key, int64_t now_ms) {
  if (!key.expires_unix_ms) return "never";
  return utc_second_text(*key.expires_unix_ms) + (key.expired(now_ms) ? " (expired)" : "");
}

void explain_new(const ApiKey& key, const std::string& file) {
  const bool limited = key.limits != KeyLimits();
  fmt::print(stderr,
             "qaio: this is the key '{}' for {}, {}{}. It is shown this once: {} holds only its "
             "hash.\n"
             "Clients send it as 'Authorization: Bearer KEY' (OpenAI's: api_key) or 'x-api-key: "
             "KEY'.\n"
             "A server that runs with --api-key-file {} takes it after a SIGHUP (kill -HUP PID).\n",
             key.name, fmt::join(key.scopes.names(), ", "),
             key.expires_unix_ms ? "until " + utc_second_text(*key.expires_unix_ms)
                                 : std::string("without an end"),
             limited ? ", at most " + limits_text(key.limits) : "", file, file);
}

// Once on standard output. A key that nobody saw is revoked again.
Result<void> show(const std::string& text, const ApiKey& key, const std::string& file) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has left must not end this before
  const BoundedWrite shown =
      write_bounded(STDOUT_FILENO, text + '\n', std::chrono::milliseconds(-1));
  if (shown.error == 0) return {};
  const auto revoke = [&]() -> Result<void> {
    QAIO_ASSIGN(KeyFileEdit edit, KeyFileEdit::open(file, KeyFileEdit::Missing::kIsAnError));
    return edit.remove({key.id});
  };
  return fail(ErrorCode::kIo,
              fmt::format("standard output: cannot write: {}; the key '{}' {}",
                          std::generic_category().message(shown.error), key.name,
                          revoke() ? "is revoked again" : "stays: `qaio keys revoke` it"));
}

Result<void> create(const Options& options) {
  ApiKey key;
  key.name = options.name;
  for (const std::string& name : options.scopes) key.scopes.add(*scope_of_name(name));
  key.limits = options.limits;
  key.expires_unix_ms = options.expires_unix_ms;
  key.created_unix_ms = now_unix_ms();
  QAIO_ASSIGN(KeyFileEdit edit, KeyFileEdit::open(options.file, KeyFileEdit::Missing::kIsCreated));
  const std::string text = draw_key();
  key.id = id_of_key(text).value();
  QAIO_ASSIGN(key.hash, hash_of_key(text));
  QAIO_RETURN_IF_ERROR(edit.add(key));
  QAIO_RETURN_IF_ERROR(show(text, key, options.file));
  explain_new(key, options.file);
  return {};
}

std::string json_of(const std::vector<ApiKey>& keys) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("keys").begin_array();
  for (const ApiKey& key : keys) {
    json.begin_object();
    write_key_members(key, now_unix_ms(), json);
    json.end_object();
  }
  json.end_array().end_object();
  return text + '\n';
}

Result<void> list(const Options& options) {
  QAIO_ASSIGN(const std::vector<ApiKey> keys, read_keys(options.file));
  if (options.json) {
    fmt::print("{}", json_of(keys));
    return {};
  }
  if (keys.empty()) {
    fmt::print(stderr, "qaio: {} holds no keys; `qaio keys create` adds one\n", options.file);
    return {};
  }
  using Align = Table::Align;
  Table table({Align::kLeft, Align::kLeft, Align::kLeft, Align::kLeft, Align::kLeft, Align::kLeft});
  table.row({"NAME", "ID", "SCOPES", "CREATED", "EXPIRES", "LIMITS"});
  for (const ApiKey& key : keys) {
    table.row({key.name, key.id, fmt::format("{}", fmt::join(key.scopes.names(), ",")),
               key.created_unix_ms ? utc_second_text(*key.created_unix_ms) : "-",
               expiry_text(key, now_unix_ms()), limits_text(key.limits)});
  }
  fmt::print("{}", table.text());
  return {};
}

// The one that is meant; in a file that was edited by hand a name may be another's id.
Result<ApiKey> find_key(const std::vector<ApiKey>& keys, const std::string& text,
                        const std::string& file) {
  std::vector<ApiKey> found;
  std::ranges::copy_if(keys, std::back_inserter(found),
                       [&](const ApiKey& key) { return key.name == text || key.id == text; });
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return fail(
        ErrorCode::kNotFound,
        fmt::format("{}: no key has the name or id '{}'; `qaio keys list` shows them", file, text));
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: '{}' is the name of one key and the id of another", file, text));
}

Result<void> revoke(const Options& options) {
  QAIO_ASSIGN(KeyFileEdit edit, KeyFileEdit::open(options.file, KeyFileEdit::Missing::kIsAnError));
  std::vector<std::string> ids;
  std::string said;
  for (const std::string& text : options.revoked) {
    QAIO_ASSIGN(const ApiKey key, find_key(edit.keys(), text, options.file));
    if (std::ranges::find(ids, key.id) != ids.end()) continue;
    ids.push_back(key.id);
    said += fmt::format("revoked {} ({})\n", key.name, key.id);
  }
  QAIO_RETURN_IF_ERROR(edit.remove(ids));
  fmt::print("{}", said);
  fmt::print(stderr,
             "qaio: a server that runs with --api-key-file {} refuses {} after a SIGHUP (kill -HUP "
             "PID)\n",
             options.file, ids.size() == 1 ? "it" : "them");
  return {};
}

void add_limit(CLI::App& command, const std::string& name, uint64_t& limit,
               const std::string& help) {
  command.add_option("--" + name, limit, help)
      ->check(CLI::Range(uint64_t{1}, kKeyLimitMax))
      ->type_name("N");
}

CLI::App* add_action(CLI::App& keys, const std::string& name, const std::string& help,
                     const std::shared_ptr<Options>& options, ExitCode& exit_code,
                     Result<void> (*action)(const Options&)) {
  CLI::App* command = keys.add_subcommand(name, help);
  add_api_key_file(*command, options->file, "The file of keys, as `qaio serve` has it")->required();
  command->footer("");
  command->callback([options, action, &exit_code] { exit_code = exit_code_of(action(*options)); });
  return command;
}

}  // namespace

void add_keys(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* keys = app.add_subcommand("keys", "Make, list and revoke API keys of `qaio serve`");
  keys->require_subcommand(1);

  CLI::App* created =
      add_action(*keys, "create", "Add a key; prints it, this once", options, exit_code, create);
  created->add_option("--name", options->name, "How lists, records and metrics call it")
      ->required()
      ->check(CLI::Validator(name_fault, ""))
      ->type_name("NAME");
  created
      ->add_option("--scope", options->scopes,
                   "What it is for: run (the model), read (records, reports, live figures), "
                   "metrics (GET /metrics), admin (everything)")
      ->check(CLI::Validator(scope_fault, ""))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("SCOPE[,SCOPE]")
      ->default_str("run");
  created
      ->add_option_function<std::string>(
          "--expires",
          [options](const std::string& text) {
            const Result<int64_t> time_ms = read_expiry(text);
            if (!time_ms) throw CLI::ValidationError("--expires", time_ms.error().message);
            options->expires_unix_ms = *time_ms;
          },
          "When it ends: 30d or 12h from now (at most 10000d), 2027-01-31 (the beginning of that "
          "day, UTC) or 2027-01-31T12:00:00Z (at most in 9998); without it never")
      ->type_name("TIME");
  add_limit(*created, "requests-max", options->limits.requests_max,
            "Requests to the model at once; past it 429");
  add_limit(*created, "requests-per-minute", options->limits.requests_per_minute,
            "Requests a minute; past it 429");
  add_limit(*created, "tokens-per-minute", options->limits.tokens_per_minute,
            "Tokens a minute, of prompts and answers; past it 429");

  CLI::App* listed = add_action(*keys, "list", "Show the keys, without what would let anybody in",
                                options, exit_code, list);
  listed->add_flag("--json", options->json, "As JSON");

  CLI::App* revoked = add_action(*keys, "revoke", "Remove keys", options, exit_code, revoke);
  revoked->add_option("key", options->revoked, "Names or ids")->required()->type_name("NAME|ID");
}

}  // namespace qaio
