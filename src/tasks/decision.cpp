#include "tasks/decision.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/portable_math.h"
#include "tasks/decision_wording.h"
#include "tasks/encode_prompt.h"
#include "tasks/jinja_text.h"
#include "tasks/labels.h"
#include "text/marked_text.h"

namespace qaio {
namespace {

using Ids = std::vector<TokenId>;

constexpr std::string_view kStandIn = "Q";  // of a question; begins with a letter as all do

tl::unexpected<Error> refused(std::string message, std::string field) {
  return fail(ErrorCode::kInvalidArgument, std::move(message), std::move(field));
}

tl::unexpected<Error> too_long(size_t tokens, size_t tokens_max) {
  return refused(fmt::format("the state is too long: with a question its prompt has at least {} "
                             "tokens, at most {} are possible",
                             tokens, tokens_max),
                 "state");
}

// Who sends a question of 2,000 tokens about a text of ten is to shorten the question.
tl::unexpected<Error> too_long_together(size_t head, size_t behind, size_t index,
                                        size_t tokens_max) {
  if (behind <= head) return too_long(head + behind, tokens_max);
  return refused(fmt::format("state and question are too long together: their prompt has at least "
                             "{} tokens, at most {} are possible",
                             head + behind, tokens_max),
                 fmt::format("questions[{}]", index));
}

// What the template writes around the state and around a question.
struct Frame {
  MarkedText head;  // up to the end of the state and what stands behind it
  MarkedText tail;  // behind the question
};

// Whether a message was written down whole, but for white space that templates drop at its ends.
bool says(std::string_view written, std::string_view message) {
  if (written.ends_with(message)) return true;
  const std::string_view dropped =
      message.substr(0, message.size() - std::min(written.size(), message.size()));
  return message.ends_with(written) &&
         jinja::strip({std::string(dropped), TextOrigin::kMessage}, jinja::Side::kBoth, {})
             .text.empty();
}

// The template is run once, with a stand-in for the question, whose place is then known.
Result<Frame> render_frame(const DecisionText& text, const ChatTemplate& chat) {
  std::vector<Message> messages;
  if (!text.system.empty()) messages.push_back({Role::kSystem, std::string(text.system)});
  std::string user(text.state);
  user.append(kBehindState).append(kStandIn);
  messages.push_back({Role::kUser, user});
  // The answer stands where the model would begin to think.
  const Result<MarkedText> rendered = chat.render(messages, {.close_thought = true});
  if (!rendered) return refused(rendered.error().message, text.system.empty() ? "state" : "system");
  constexpr char kMessage = static_cast<char>(TextOrigin::kMessage);
  const std::string_view origins = rendered->origins;
  const size_t end = origins.rfind(kMessage) + 1;  // 0 if there is none
  const size_t before = end == 0 ? 0 : origins.find_last_not_of(kMessage, end - 1) + 1;
  if (!says(std::string_view(rendered->text).substr(before, end - before), user)) {
    return fail(
        ErrorCode::kUnsupported,
        "the model's chat template changes what a message says: questions need it as it is");
  }
  return Frame{.head = rendered->slice(0, end - kStandIn.size()), .tail = rendered->slice(end)};
}

// Labels as tokens; spellings that are the same tokens for the same option are one.
Result<void> add_labels(const Question& question, size_t index, const Tokenizer& tokenizer,
                        std::vector<Ids>& labels, std::vector<size_t>& options) {
  for (const QuestionLabel& label : question_labels(question)) {
    Ids ids = tokenizer.encode(label.text);
    const auto known = std::ranges::find(labels, ids);
    if (known == labels.end()) {
      labels.push_back(std::move(ids));
      options.push_back(label.option);
    } else if (options[static_cast<size_t>(known - labels.begin())] != label.option) {
      return refused(fmt::format("the option '{}' is the same as another in this model's "
                                 "vocabulary",
                                 label.text.substr(0, 100)),
                     fmt::format("questions[{}].options", index));
    }
  }
  return {};
}

// Logarithms of the options' probabilities: spellings of one option are added up.
std::vector<double> option_logarithms(const LabelScores& scores,
                                      std::span<const size_t> label_options, size_t options) {
  std::vector<double> sums(options, 0.0);
  double total = 0;
  for (size_t label = 0; label < label_options.size(); ++label) {
    const double weight = portable_exp(scores.log_weights[label]);
    sums[label_options[label]] += weight;
    total += weight;
  }
  // A weight that is too small for its exponential still has a logarithm.
  std::vector<double> result(options, 0.0);
  for (size_t option = 0; option < options; ++option) {
    if (sums[option] > 0) {
      result[option] = portable_log(sums[option] / total);
      continue;
    }
    double best = -std::numeric_limits<double>::infinity();
    for (size_t label = 0; label < label_options.size(); ++label) {
      if (label_options[label] == option) best = std::max(best, scores.log_weights[label]);
    }
    result[option] = best - portable_log(total);
  }
  return result;
}

}  // namespace

Result<Decision> Decision::build(const DecisionText& text, const ChatTemplate& chat,
                                 const Tokenizer& tokenizer, size_t tokens_max, StageLane& lane,
                                 const Clock& clock) {
  if (trim(text.state).empty())
    return refused("the state is empty: there is nothing to judge", "state");
  size_t prompts = 0;
  for (const Question& question : text.questions) {
    prompts += static_cast<size_t>(rotations_of(question));
  }
  if (prompts > kPromptsMax) {
    return refused(fmt::format("{} questions and their permutations make {} prompts, at most {} "
                               "are possible",
                               text.questions.size(), prompts, kPromptsMax),
                   "questions");
  }
  QAIO_ASSIGN(const Frame frame, render_frame(text, chat));
  lane.lap(Stage::kPromptBuild, clock.now_ns());

  Decision out;
  EncodedPrompt head = encode_prompt(frame.head, tokenizer, tokens_max);
  if (head.ids.size() >= tokens_max) return too_long(head.ids.size(), tokens_max);
  out.state_tokens_ = static_cast<int>(head.last_message_tokens);
  out.prompt_ = std::move(head.ids);
  for (size_t i = 0; i < text.questions.size(); ++i) {
    const Question& question = text.questions[i];
    Plan plan{.kind = question.kind,
              .options = options_of(question),
              .first_prompt = out.job_.questions.size(),
              .prompts = 0,
              .label_options = {}};
    std::vector<Ids> labels;
    QAIO_RETURN_IF_ERROR(add_labels(question, i, tokenizer, labels, plan.label_options));
    if (plan.options > 1) {
      plan.prompts = static_cast<size_t>(rotations_of(question));
      for (size_t rotation = 0; rotation < plan.prompts; ++rotation) {
        MarkedText behind(
            question_text(question, static_cast<int>(rotation), static_cast<int>(plan.prompts)),
            TextOrigin::kMessage);
        behind.append(frame.tail);
        LabelQuestion prompt{.tokens = encode_prompt(behind, tokenizer, tokens_max).ids,
                             .labels = labels,
                             .mass = question.label_mass};
        const size_t tokens = out.prompt_.size() + prompt.tokens.size();
        if (tokens > tokens_max) {
          return too_long_together(out.prompt_.size(), prompt.tokens.size(), i, tokens_max);
        }
        out.prompt_tokens_ += static_cast<int64_t>(tokens);
        out.job_.questions.push_back(std::move(prompt));
      }
    }
    out.plans_.push_back(std::move(plan));
  }
  lane.lap(Stage::kTokenize, clock.now_ns());
  return out;
}

std::vector<Answer> Decision::answers(std::span<const LabelScores> scores,
                                      const Calibration& calibration) const {
  std::vector<Answer> answers;
  for (const Plan& plan : plans_) {
    if (plan.prompts == 0) {  // a choice of one option
      answers.push_back(make_answer(plan.kind, {1.0}));
      continue;
    }
    LabelScores mean{.log_weights = std::vector<double>(plan.options, 0.0), .mass = {}};
    for (const LabelScores& one : scores.subspan(plan.first_prompt, plan.prompts)) {
      const auto logarithms = option_logarithms(one, plan.label_options, plan.options);
      const auto prompts = static_cast<double>(plan.prompts);
      for (size_t i = 0; i < plan.options; ++i) mean.log_weights[i] += logarithms[i] / prompts;
      if (one.mass) mean.mass = mean.mass.value_or(0) + *one.mass / prompts;
    }
    const double most = std::ranges::max(mean.log_weights);
    for (double& weight : mean.log_weights) weight -= most;
    answers.push_back(make_answer(
        plan.kind, label_probabilities(mean, calibration.temperature(plan.kind, plan.options))));
    // By what the model says: a high temperature may round two probabilities to the same.
    answers.back().best =
        static_cast<size_t>(std::ranges::max_element(mean.log_weights) - mean.log_weights.begin());
    answers.back().label_mass = mean.mass;
  }
  return answers;
}

}  // namespace qaio
