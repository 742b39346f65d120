// qaio logits: what the model computes for given ids, to compare with other implementations.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "app/model_options.h"
#include "base/finite.h"
#include "base/new_file.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "model/damaged_logits.h"
#include "model/load.h"

namespace qaio {
namespace {

// Positions per pass: bounds the memory for their logits (64 x 151,936 x 4 bytes = 39 MB).
constexpr size_t kChunkTokens = 64;

struct Options {
  ModelOptions model;
  std::vector<TokenId> ids;
  std::string weights = "auto";
  KvType kv_type = KvType::kF16;
  std::string compute = "auto";
  std::string output;
};

struct Summary {
  std::vector<TokenId> argmax;
  std::vector<double> logsumexp;
  std::vector<float> last_logits;
};

// Appends one position's figures. `logits`: [vocab] f32.
void summarize(std::span<const float> logits, Summary& summary) {
  const auto best = std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - *best);
  summary.argmax.push_back(static_cast<TokenId>(best - logits.begin()));
  summary.logsumexp.push_back(*best + std::log(sum));
}

// Runs all ids through the model, chunk by chunk; every position's logits go to `out` if it is
// open.
Result<Summary> compute(Model& model, std::span<const TokenId> ids, std::optional<NewFile>& out) {
  const auto vocab = static_cast<size_t>(model.info().vocab);
  KvSequence kv(model.kv_pool());
  QAIO_RETURN_IF_ERROR(kv.reserve(static_cast<int>(ids.size())));
  const size_t chunk = std::min(kChunkTokens, static_cast<size_t>(model.step_tokens_max()));
  std::vector<float> logits(std::min(chunk, ids.size()) * vocab);
  Summary summary;
  for (size_t at = 0; at < ids.size(); at += chunk) {
    const size_t count = std::min(chunk, ids.size() - at);
    ForwardItem item{.kv = &kv,
                     .tokens = ids.subspan(at, count),
                     .logits_at = LogitsAt::kAll,
                     .logit_rows = {},
                     .logits = std::span(logits).first(count * vocab)};
    model.forward({&item, 1});
    if (!all_finite(std::span(logits).first(count * vocab)))
      return fail(ErrorCode::kCorrupt, kDamagedLogits);
    for (size_t i = 0; i < count; ++i)
      summarize(std::span(logits).subspan(i * vocab, vocab), summary);
    if (out) {
      QAIO_RETURN_IF_ERROR(out->write(
          {reinterpret_cast<const char*>(logits.data()), count * vocab * sizeof(float)}));
    }
    summary.last_logits.assign(logits.begin() + static_cast<ptrdiff_t>((count - 1) * vocab),
                               logits.begin() + static_cast<ptrdiff_t>(count * vocab));
  }
  return summary;
}

Result<void> logits(const Options& options) {
  QAIO_ASSIGN(const FileSet files, open_model(options.model.model));
  ThreadPool pool(options.model.threads, options.model.pinning());
  LoadOptions load;
  load.weights = *weights_mode_from_name(options.weights);
  if (options.compute == "f32") load.weights = WeightsMode::kF32;
  load.kv_type = options.kv_type;
  load.kv_tokens = static_cast<int>(options.ids.size());
  QAIO_ASSIGN(const LoadedModel loaded, load_model(files, pool, load));
  for (const TokenId id : options.ids) {
    if (id < 0 || id >= loaded.model->info().vocab) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("--ids: {} is outside the vocabulary of {} tokens", id,
                              loaded.model->info().vocab));
    }
  }
  std::optional<NewFile> out;
  if (!options.output.empty()) {
    QAIO_ASSIGN(out, NewFile::create(options.output));
  }
  QAIO_ASSIGN(const Summary summary, compute(*loaded.model, options.ids, out));
  if (out) QAIO_RETURN_IF_ERROR(out->finish());
  fmt::print("{{\"argmax\": {}, \"logsumexp\": {}, \"last_logits\": {}}}\n",
             json_numbers(summary.argmax), json_numbers(summary.logsumexp),
             json_numbers(summary.last_logits));
  return {};
}

}  // namespace

void add_logits(CLI::App& app, ExitCode& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("logits", "Print the next-token logits for given token ids as JSON");
  add_model_options(*command, options->model);
  command->add_option("--ids", options->ids, "Token ids, e.g. 1,2,3")
      ->required()
      ->delimiter(',')
      ->type_name("IDS");
  add_weights_option(*command, options->weights);
  add_kv_type_option(*command, options->kv_type);
  command->add_option("--compute", options->compute, "f32: the reference arithmetic")
      ->check(CLI::IsMember({"auto", "f32"}))
      ->type_name("MODE")
      ->capture_default_str();
  command
      ->add_option("--out", options->output,
                   "Also write every position's logits, little-endian f32 [positions, vocab]")
      ->type_name("FILE");
  command->callback([options, &exit_code] { exit_code = exit_code_of(logits(*options)); });
}

}  // namespace qaio
