// An evaluation for programs.
#include "base/json_writer.h"
#include "report/evaluation.h"

namespace qaio {
namespace {

double ms(int64_t ns) { return static_cast<double>(ns) / 1e6; }

void write_optional(std::string_view name, std::optional<double> value, JsonWriter& json) {
  json.key(name);
  value ? json.number(*value) : json.null();
}

void write_labels(const Evaluation& e, JsonWriter& json) {
  const Confusion confusion = e.confusion();
  json.key("labels").begin_array();
  for (size_t i = 0; i < e.labels.size(); ++i) {
    json.begin_object().key("label").string(e.labels[i]);
    json.key("texts").integer(static_cast<int64_t>(confusion.truths(i)));
    write_optional("precision", confusion.precision(i), json);
    write_optional("recall", confusion.recall(i), json);
    write_optional("f1", confusion.f1(i), json);
    json.key("answers").begin_object();
    for (size_t answer = 0; answer < e.labels.size(); ++answer) {
      json.key(e.labels[answer]).integer(static_cast<int64_t>(confusion.count(i, answer)));
    }
    json.end_object().end_object();
  }
  json.end_array();
}

void write_bins(const std::vector<ReliabilityBin>& bins, JsonWriter& json) {
  json.key("reliability").begin_array();
  for (size_t i = 0; i < bins.size(); ++i) {
    const bool empty = bins[i].count == 0;
    json.begin_object();
    json.key("from").number(static_cast<double>(i) / static_cast<double>(kReliabilityBins));
    json.key("to").number(static_cast<double>(i + 1) / static_cast<double>(kReliabilityBins));
    json.key("texts").integer(static_cast<int64_t>(bins[i].count));
    write_optional("confidence", empty ? std::nullopt : std::optional(bins[i].confidence), json);
    write_optional("accuracy", empty ? std::nullopt : std::optional(bins[i].accuracy), json);
    json.end_object();
  }
  json.end_array();
}

void write_figures(const CalibrationFigures& figures, JsonWriter& json) {
  json.key("ece").number(figures.calibration_error);
  json.key("brier").number(figures.brier);
  json.key("log_loss").number(figures.log_loss);
  write_bins(figures.bins, json);
}

void write_calibration(const Evaluation& e, JsonWriter& json) {
  const TemperatureTrial& trial = *e.calibration;
  json.key("calibration").begin_object();
  write_optional("temperature", trial.temperature, json);
  json.key("fitted_texts").integer(static_cast<int64_t>(trial.fitted));
  json.key("unseen_texts").integer(static_cast<int64_t>(trial.unseen));
  json.key("before").begin_object();
  write_figures(trial.before, json);
  json.end_object().key("after");
  if (trial.temperature) {
    json.begin_object();
    write_figures(trial.after, json);
    json.end_object();
  } else {
    json.null();
  }
  json.key("kept").boolean(trial.helps()).end_object();
}

void write_latency(const Histogram& latency, JsonWriter& json) {
  json.key("latency_ms").begin_object();
  json.key("mean").number(latency.mean_ns() / 1e6);
  json.key("p50").number(ms(latency.percentile_ns(50)));
  json.key("p95").number(ms(latency.percentile_ns(95)));
  json.key("p99").number(ms(latency.percentile_ns(99)));
  json.key("max").number(ms(latency.max_ns())).end_object();
}

}  // namespace

std::string evaluation_json(const Evaluation& e) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("task").string(e.task).key("kind").string(e.kind);
  json.key("texts").integer(static_cast<int64_t>(e.texts()));
  json.key("failed").integer(static_cast<int64_t>(e.failed));
  json.key("accuracy").number(e.accuracy());
  json.key("macro_f1").number(e.confusion().macro_f1());
  json.key("temperature").number(e.temperature);
  write_optional("mean_absolute_error",
                 e.is_scale() ? std::optional(mean_absolute_error(e.predictions)) : std::nullopt,
                 json);
  write_optional("flip_rate", e.flip_rate(), json);
  json.key("answered_share_at_5_percent_error").number(e.answered_share());
  write_figures(calibration_figures(e.predictions), json);
  write_labels(e, json);
  write_latency(e.latency, json);
  json.key("texts_s").number(static_cast<double>(e.predictions.size()) / e.seconds);
  json.key("prompt_tokens").integer(static_cast<int64_t>(e.prompt_tokens));
  if (e.calibration) write_calibration(e, json);
  json.key("mistakes").begin_array();
  for (const Evaluation::Mistake& mistake : e.mistakes) {
    json.begin_object().key("text").string(mistake.text).key("truth").string(mistake.truth);
    json.key("answer").string(mistake.answer).end_object();
  }
  json.end_array().end_object();
  return out + '\n';
}

}  // namespace qaio
