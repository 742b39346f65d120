#include "cli/eval_perplexity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/clock.h"
#include "base/utf8.h"
#include "cli/terminal.h"
#include "model/load.h"
#include "model/perplexity.h"

namespace qaio {

Result<ExitCode> print_perplexity(const PerplexityOptions& options, std::string_view content) {
  if (const size_t valid = valid_utf8_prefix(content); valid < content.size()) {
    const auto line = 1 + std::ranges::count(content.substr(0, valid), '\n');
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: line {}: its bytes are no UTF-8", options.file, line));
  }
  QAIO_ASSIGN(const FileSet files, open_model(options.runtime.model.model));
  ThreadPool pool(options.runtime.model.threads, options.runtime.model.pinning());
  LoadOptions load;
  load.weights = *weights_mode_from_name(options.runtime.weights);
  load.kv_type = options.runtime.kv_type;
  load.kv_tokens = options.context;
  QAIO_ASSIGN(const LoadedModel loaded, load_model(files, pool, load));
  const std::vector<TokenId> ids = loaded.tokenizer->encode(content);
  if (ids.size() < 2) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {}: at least two tokens are needed, one to predict from the other",
                            options.file, ids.empty() ? "it is empty" : "it is one token"));
  }
  Progress progress("Predicting");
  const TimeNs begin_ns = SteadyClock::instance().now_ns();
  const auto result = measure_perplexity(*loaded.model, ids, options.context,
                                         [&](double fraction) { progress.update(fraction); });
  if (!result) return fail(result.error().code, options.file + ": " + result.error().message);
  const double seconds = static_cast<double>(SteadyClock::instance().now_ns() - begin_ns) / 1e9;
  const double bits_per_byte = result->nats / std::log(2.0) / static_cast<double>(content.size());
  const double tokens_s = static_cast<double>(ids.size()) / seconds;
  if (options.json) {
    fmt::print(
        "{{\"perplexity\": {:.6g}, \"nats_per_token\": {:.6g}, \"bits_per_byte\": {:.6g}, "
        "\"tokens\": {}, \"context\": {}, \"text_tok_s\": {:.6g}}}\n",
        result->value(), result->nats_per_token(), bits_per_byte, ids.size(), options.context,
        tokens_s);
  } else {
    fmt::print(
        "perplexity {:.4f} ({:.4f} nats per token, {:.4f} bits per byte) over {} tokens, "
        "context {}; {:.0f} tokens of text/s\n",
        result->value(), result->nats_per_token(), bits_per_byte, count_text(ids.size()),
        options.context, tokens_s);
  }
  return ExitCode::kOk;
}

}  // namespace qaio
