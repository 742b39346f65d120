#include "load/summary.h"

#include <charconv>

namespace qaio {
namespace {

bool within(std::optional<int64_t> value_ns, std::optional<double> limit_ms) {
  return !value_ns || !limit_ms || static_cast<double>(*value_ns) <= *limit_ms * 1e6;
}

std::optional<double> positive(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || !(value > 0) || value > 1e9)
    return std::nullopt;
  return value;
}

}  // namespace

Result<Slo> Slo::parse(std::string_view text) {
  Slo slo;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find_first_of(", "));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) continue;
    const size_t colon = part.find(':');
    const std::string_view name = part.substr(0, colon);
    const auto limit =
        colon == std::string_view::npos ? std::nullopt : positive(part.substr(colon + 1));
    std::optional<double>* target = name == "ttft"                      ? &slo.ttft_ms
                                    : name == "tpot"                    ? &slo.tpot_ms
                                    : name == "total" || name == "e2el" ? &slo.total_ms
                                                                        : nullptr;
    if (target == nullptr || !limit) {
      return fail(ErrorCode::kInvalidArgument,
                  "'" + std::string(part) +
                      "' is no limit: give ttft:MS, tpot:MS or total:MS, separated by commas");
    }
    *target = limit;
  }
  if (!slo.any())
    return fail(ErrorCode::kInvalidArgument, "an SLA needs a limit: ttft:MS, tpot:MS or total:MS");
  return slo;
}

bool Slo::kept_by(const RequestSample& sample) const {
  if (!sample.succeeded()) return false;
  return within(sample.ttft_ns().value_or(sample.total_ns()), ttft_ms) &&
         within(sample.tpot_ns(), tpot_ms) && within(sample.total_ns(), total_ms);
}

void LoadSummary::add(const RequestSample& sample) {
  if (sample.abandoned) {
    ++abandoned_;
    return;
  }
  send_delay_.add(sample.sent_ns - sample.intended_ns);
  if (sample.opened) connect_.add(sample.opened->connect_ns);
  if (sample.opened && sample.opened->tls_ns > 0) tls_handshake_.add(sample.opened->tls_ns);
  if (sample.failure) return add_failure(*sample.failure, sample.total_ns());
  ++succeeded_;
  if (slo_.kept_by(sample)) ++kept_slo_;
  if (sample.usage) ++with_usage_;
  if (sample.text_chunks == 0 && sample.answers == 0) ++without_text_;
  answers_ += sample.answers;
  tokens_.prompt += sample.prompt_tokens();
  tokens_.cached += sample.usage ? sample.usage->cached : 0;
  tokens_.output += sample.output_tokens();
  samples_.add(sample);
  total_.add(sample.total_ns());
  if (const auto ttft = sample.ttft_ns()) ttft_.add(*ttft);
  if (const auto tpot = sample.tpot_ns()) tpot_.add(*tpot);
}

void LoadSummary::add_connections(const LoadSummary& other) {
  connect_.merge(other.connect_);
  tls_handshake_.merge(other.tls_handshake_);
}

std::string_view LoadSummary::tokens_counted_by() const {
  if (with_usage_ == succeeded_) return "usage";
  if (answers_ > 0) return with_usage_ == 0 ? "texts" : "usage and texts";
  return with_usage_ == 0 ? "chunks" : "usage and chunks";
}

std::array<LoadSummary::Latency, 4> LoadSummary::latencies() const {
  return {{{"ttft", &ttft_}, {"tpot", &tpot_}, {"inter_token", &inter_token_}, {"total", &total_}}};
}

void LoadSummary::add_failure(const Failure& failure, int64_t total_ns) {
  ++failed_;
  std::string name = failure_name(failure);
  if (failures_.size() >= kFailureKindsMax && !failures_.contains(name)) name = "other";
  FailureFigures& figures = failures_[name];
  if (figures.total.count() == 0) figures.example = failure.detail;
  figures.total.add(total_ns);
}

}  // namespace qaio
