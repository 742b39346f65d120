// Which requests a load consists of.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/api.h"
#include "load/lengths.h"
#include "load/prompt_text.h"

namespace qaio {

struct LoadRequest {
  std::string body;
  int64_t prompt_tokens_asked = 0;  // 0: not known
};

class Workload {
 public:
  virtual ~Workload() = default;
  // The same for the same index. Requests to warm up with have indices from kWarmup on.
  virtual LoadRequest request(uint64_t index) const = 0;

  static constexpr uint64_t kWarmup = uint64_t{1} << 62;
};

// What all bodies of a workload have in common.
struct BodyOptions {
  LoadApi api = LoadApi::kQaioChat;
  std::string model;
  boost::json::object extra;
  Lengths output_tokens{64};  // of an API that generates text
  int questions = 1;          // of each request, of one that decides
  uint64_t seed = 0;
};

class GeneratedWorkload final : public Workload {
 public:
  GeneratedWorkload(BodyOptions options, PromptText text, Lengths prompt_tokens,
                    int shared_prefix_tokens)
      : options_(std::move(options)),
        text_(std::move(text)),
        prompt_tokens_(prompt_tokens),
        prefix_tokens_(shared_prefix_tokens) {}

  LoadRequest request(uint64_t index) const override;

 private:
  BodyOptions options_;
  PromptText text_;
  Lengths prompt_tokens_;
  int prefix_tokens_;
};

// The lines of a JSONL file in their order, over and over. A line is a body for the endpoint, or
// {"prompt": TEXT, "output_tokens": N}, where N defaults to a sample of the options' lengths; an
// API that decides is asked the options' number of questions about the text.
class FileWorkload final : public Workload {
 public:
  static constexpr size_t kFileBytesMax = 256 << 20;

  // kNotFound, kIo; kResourceExhausted for a larger file; kInvalidArgument names the line.
  static Result<std::unique_ptr<FileWorkload>> open(const std::filesystem::path& path,
                                                    const BodyOptions& options);

  LoadRequest request(uint64_t index) const override;
  size_t size() const { return bodies_.size(); }

 private:
  std::vector<std::string> bodies_;
};

}  // namespace qaio
