#include "model/packed_head.h"

#include <cstring>
#include <type_traits>

#include "model/packed_file.h"

namespace qaio {
namespace {

// Both directions visit the same fields in the same order (visit_* below).
class Writer {
 public:
  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void operator()(const Number& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void operator()(const std::string& text) { list(text); }
  template <typename Number>
  void operator()(const std::vector<Number>& values) {
    list(values);
  }
  template <typename Element>
  void resize(const std::vector<Element>& values) {
    (*this)(static_cast<uint64_t>(values.size()));
  }
  std::string finish() {
    bytes_.append((8 - bytes_.size() % 8) % 8, '\0');
    return std::move(bytes_);
  }

 private:
  template <typename List>
  void list(const List& values) {
    (*this)(static_cast<uint64_t>(values.size()));
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
  }
  std::string bytes_;
};

// After the first field that is not there, all others are left as they were and ok() is false.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : left_(bytes) {}
  bool ok() const { return ok_; }

  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void operator()(Number& value) {
    if constexpr (std::is_same_v<Number, bool>) {
      uint8_t byte = 0;  // a bool may hold nothing but 0 and 1
      (*this)(byte);
      value = byte != 0;
    } else if (take(sizeof(value))) {
      std::memcpy(&value, taken_, sizeof(value));
    }
  }
  void operator()(std::string& text) { list(text); }
  template <typename Number>
  void operator()(std::vector<Number>& values) {
    list(values);
  }
  // For lists whose elements are visited one by one; each takes at least a byte.
  template <typename Element>
  void resize(std::vector<Element>& values) {
    uint64_t count = 0;
    (*this)(count);
    ok_ = ok_ && count <= left_.size();
    values.resize(ok_ ? count : 0);
  }

 private:
  template <typename List>
  void list(List& values) {
    uint64_t count = 0;
    (*this)(count);
    ok_ = ok_ && count <= left_.size() / sizeof(values[0]);
    if (!ok_ || count == 0 || !take(count * sizeof(values[0]))) return;
    values.resize(count);
    std::memcpy(values.data(), taken_, count * sizeof(values[0]));
  }
  bool take(size_t bytes) {
    ok_ = ok_ && bytes <= left_.size();
    if (!ok_) return false;
    taken_ = left_.data();
    left_ = left_.subspan(bytes);
    return true;
  }

  std::span<const std::byte> left_;
  const std::byte* taken_ = nullptr;
  bool ok_ = true;
};

// Enumerations and small structs field by field: `Archive` is a Writer or a Reader.
template <typename Archive, typename Enum>
void visit_enum(Archive& archive, Enum& value) {
  auto byte = static_cast<uint8_t>(value);
  archive(byte);
  if constexpr (!std::is_const_v<Enum>) value = static_cast<Enum>(byte);
}

template <typename Archive, typename Optional>
void visit_optional(Archive& archive, Optional& value) {
  bool present = value.has_value();
  auto number = value.value_or(0);
  archive(present);
  archive(number);
  if constexpr (!std::is_const_v<Optional>) {
    value.reset();
    if (present) value = number;
  }
}

template <typename Archive, typename Matrix>
void visit_matrix(Archive& archive, Matrix& matrix) {
  visit_enum(archive, matrix.layout.bits);
  visit_enum(archive, matrix.layout.scales);
  archive(matrix.layout.has_min);
  archive(matrix.layout.zero);
  archive(matrix.layout.group);
  archive(matrix.rows);
  archive(matrix.cols);
  archive(matrix.offset);
}

template <typename Archive, typename Keys>
void visit_decision(Archive& archive, Keys& keys) {
  archive(keys.type);
  for (auto* list : {&keys.choice, &keys.score, &keys.yes_no}) {
    archive.resize(*list);
    for (auto& entry : *list) {
      archive(entry.options_max);
      archive(entry.temperature);
    }
  }
}

template <typename Archive, typename Kinds>
void visit_kinds(Archive& archive, Kinds& kinds) {
  archive.resize(kinds);
  for (auto& kind : kinds) visit_enum(archive, kind);
}

template <typename Archive, typename Config, typename Info>
void visit_description(Archive& archive, Config& config, Info& info) {
  visit_enum(archive, config.architecture);
  for (auto* number : {&config.layers, &config.hidden, &config.heads, &config.kv_heads,
                       &config.head_dim, &config.intermediate, &config.vocab, &config.context_max,
                       &config.rotary_dim, &config.delta.key_heads, &config.delta.value_heads,
                       &config.delta.key_dim, &config.delta.value_dim, &config.delta.conv_taps})
    archive(*number);
  archive(config.delta.value_heads_tiled);
  archive(config.rms_epsilon);
  archive(config.rope_theta);
  archive(config.tied_head);
  visit_kinds(archive, config.layer_kinds);
  visit_decision(archive, config.decision);
  archive(info.name);
  archive(info.weight_type);
  archive(info.parameters);
  archive(info.file_bytes);
}

template <typename Archive, typename Tables>
void visit_tokenizer(Archive& archive, Tables& tables) {
  archive(tables.bytes);
  archive(tables.offsets);
  archive(tables.merges);
  archive(tables.byte_ids);
  archive.resize(tables.added);
  for (auto& token : tables.added) {
    archive(token.id);
    archive(token.content);
    archive(token.special);
    archive(token.normalized);
  }
  archive(tables.split_pattern);
  archive(tables.nfc);
  archive(tables.ignore_merges);
}

// All but the config, which says how many layers there are.
template <typename Archive, typename Model, typename Head>
void visit_rest(Archive& archive, Model& model, Head& head) {
  archive(model.end_tokens);
  auto& generation = model.generation;
  for (auto* number : {&generation.temperature, &generation.top_p, &generation.min_p,
                       &generation.repetition_penalty})
    visit_optional(archive, *number);
  visit_optional(archive, generation.top_k);
  archive(model.chat_template);
  archive(head.weights_bytes);
  visit_matrix(archive, head.embedding);
  visit_matrix(archive, head.output);
  archive(model.weights.final_norm);
  for (size_t i = 0; i < model.weights.layers.size(); ++i) {
    const auto parts =
        parts_of(model.weights.layers[i], model.config.kind(static_cast<int>(i)), model.config);
    for (const auto& vector : parts.vectors) archive(*vector.values);
    for (const auto& matrix : parts.matrices) archive(matrix.linear->bias);
    if constexpr (!std::is_const_v<Head>) head.layers[i].matrices.resize(parts.matrices.size());
    for (auto& matrix : head.layers[i].matrices) visit_matrix(archive, matrix);
  }
  visit_tokenizer(archive, head.tokenizer);
}

}  // namespace

std::string write_packed_head(const PackedModel& model, const PackedHead& head) {
  Writer writer;
  visit_description(writer, model.config, model.info);
  visit_rest(writer, model, head);
  return writer.finish();
}

Result<PackedHead> read_packed_head(std::span<const std::byte> bytes, const std::string& label,
                                    PackedModel& model) {
  Reader reader(bytes);
  visit_description(reader, model.config, model.info);
  const auto truncated = [&] {
    return fail(ErrorCode::kCorrupt, label + ": the header ends too early");
  };
  if (!reader.ok()) return truncated();
  if (model.config.architecture > Architecture::kQwen35)
    return fail(ErrorCode::kCorrupt, label + ": the architecture is unknown");
  QAIO_RETURN_IF_ERROR(validate_config(model.config, label));
  QAIO_RETURN_IF_ERROR(validate_decision_keys(model.config.decision, label));
  PackedHead head;
  head.layers.resize(static_cast<size_t>(model.config.layers));
  model.weights.layers.resize(head.layers.size());
  visit_rest(reader, model, head);
  if (!reader.ok()) return truncated();
  if (model.end_tokens.size() > kEndTokensMax)
    return fail(ErrorCode::kCorrupt, label + ": has too many end tokens");
  for (const TokenId id : model.end_tokens) {
    if (id < 0 || id >= model.config.vocab)
      return fail(ErrorCode::kCorrupt, label + ": an end token is outside the vocabulary");
  }
  QAIO_RETURN_IF_ERROR(validate_generation_config(model.generation, label));
  return head;
}

}  // namespace qaio
