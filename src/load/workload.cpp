#include "load/workload.h"

#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/mapped_file.h"
#include "load/questions.h"

namespace qaio {
namespace {

namespace json = boost::json;

// A stream of random numbers that no prompt is made from.
constexpr uint64_t kLengthStreams = uint64_t{1} << 63;

std::string body_about(std::string_view prompt, int output_tokens, const BodyOptions& options,
                       uint64_t request) {
  std::vector<std::string> questions;
  if (decides(options.api)) questions = yes_no_questions(options.seed, request, options.questions);
  return request_body(options.api,
                      {.prompt = prompt, .output_tokens = output_tokens, .questions = questions},
                      options.model, options.extra);
}

// `line_number` chooses what the line leaves open: the length of an answer, the questions.
Result<std::string> body_of(json::object line, const BodyOptions& options, uint64_t line_number) {
  const std::string_view own_field = traits_of(options.api).text_field;
  if (line.contains(own_field) && !line.contains("output_tokens"))
    return endpoint_body(options.api, std::move(line), options.model, options.extra);
  const json::value* prompt = line.if_contains("prompt");
  if (prompt == nullptr || !prompt->is_string()) {
    return fail(ErrorCode::kInvalidArgument,
                "has no '" + std::string(own_field) + "', nor a text as 'prompt'");
  }
  for (const auto& member : line) {
    if (member.key() == "prompt" || member.key() == "output_tokens") continue;
    return fail(ErrorCode::kInvalidArgument, "has '" + std::string(member.key()) +
                                                 "' beside 'prompt'; only 'output_tokens' may");
  }
  Random random(options.seed, kLengthStreams + line_number);
  int output_tokens = options.output_tokens.sample(random);
  if (const json::value* given = line.if_contains("output_tokens")) {
    const int64_t* count = given->if_int64();
    if (count == nullptr || *count < 1 || *count > Lengths::kTokensMax)
      return fail(ErrorCode::kInvalidArgument, "needs a count of tokens as 'output_tokens'");
    output_tokens = static_cast<int>(*count);
  }
  return body_about(std::string_view(prompt->get_string()), output_tokens, options, line_number);
}

}  // namespace

LoadRequest GeneratedWorkload::request(uint64_t index) const {
  Random random(options_.seed, kLengthStreams + index);
  const int prompt_tokens = prompt_tokens_.sample(random);
  const int output_tokens = options_.output_tokens.sample(random);
  return {.body = body_about(text_.text(index, prompt_tokens), output_tokens, options_, index),
          .prompt_tokens_asked = int64_t{prefix_tokens_} + prompt_tokens};
}

Result<std::unique_ptr<FileWorkload>> FileWorkload::open(const std::filesystem::path& path,
                                                         const BodyOptions& options) {
  QAIO_ASSIGN(const MappedFile file, MappedFile::open(path));
  const std::string name = path.string();
  if (file.bytes().size() > kFileBytesMax) {
    return fail(ErrorCode::kResourceExhausted,
                name + " is larger than " + std::to_string(kFileBytesMax >> 20) + " MiB");
  }
  std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  auto workload = std::make_unique<FileWorkload>();
  for (uint64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string label = name + " line " + std::to_string(number);
    QAIO_ASSIGN(json::value value, parse_json(line, label));
    if (!value.is_object())
      return fail(ErrorCode::kInvalidArgument, label + " is not a JSON object");
    Result<std::string> body = body_of(std::move(value.get_object()), options, number);
    if (!body) return fail(body.error().code, label + " " + body.error().message);
    // A larger number has become infinity, which no JSON says.
    if (!parse_json(*body, label))
      return fail(ErrorCode::kInvalidArgument, label + " has a number beyond 1.8e308");
    workload->bodies_.push_back(*std::move(body));
  }
  if (workload->bodies_.empty())
    return fail(ErrorCode::kInvalidArgument, name + " holds no requests");
  return workload;
}

LoadRequest FileWorkload::request(uint64_t index) const {
  return {.body = bodies_[(index & ~kWarmup) % bodies_.size()], .prompt_tokens_asked = 0};
}

}  // namespace qaio
