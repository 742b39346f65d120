// The tensors of a model by name: what both file formats give to the model loader.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "weights/tensor.h"

namespace qaio {

// A tensor of an element type this program does not compute with. It is listed by `inspect` and
// refused only when somebody asks for it.
struct ForeignTensor {
  std::string name;
  std::string type_name;  // as the file or its format's documentation spells it, e.g. "IQ4_XS"
  std::vector<int64_t> shape;
};

// Immutable; borrows the bytes of the files it was made from. Concurrent reads are safe.
class TensorTable {
 public:
  TensorTable() = default;
  // kCorrupt, naming label and tensor, if two tensors share a name.
  static Result<TensorTable> create(std::string label, std::vector<TensorView> tensors,
                                    std::vector<ForeignTensor> foreign = {});

  // The tensors of supported types, in file order.
  std::span<const TensorView> tensors() const { return tensors_; }
  std::span<const ForeignTensor> foreign() const { return foreign_; }
  // nullptr when there is no such tensor or its type is foreign. Valid while the table lives.
  const TensorView* find(std::string_view name) const;
  // Whether the name is in the file at all, of whatever type.
  bool contains(std::string_view name) const;
  // kNotFound when missing, kUnsupported when of a foreign type; the sentence names file, tensor
  // and reason.
  Result<const TensorView*> get(std::string_view name) const;
  // The same, and kCorrupt when the shape is not exactly `shape`.
  Result<const TensorView*> get(std::string_view name, std::span<const int64_t> shape) const;
  Result<const TensorView*> get(std::string_view name, std::initializer_list<int64_t> shape) const {
    return get(name, std::span(shape.begin(), shape.size()));
  }
  // What to call the source in messages.
  const std::string& label() const { return label_; }

 private:
  const ForeignTensor* find_foreign(std::string_view name) const;

  std::string label_;
  std::vector<TensorView> tensors_;
  std::vector<ForeignTensor> foreign_;
  std::vector<uint32_t> by_name_;          // indices into tensors_, sorted by name
  std::vector<uint32_t> foreign_by_name_;  // indices into foreign_, sorted by name
};

}  // namespace qaio
