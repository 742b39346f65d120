#include "weights/tensor_table.h"

#include <algorithm>
#include <numeric>

namespace qaio {
namespace {

template <typename Entry>
std::vector<uint32_t> sorted_by_name(const std::vector<Entry>& entries) {
  std::vector<uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&](uint32_t i) { return std::string_view(entries[i].name); });
  return order;
}

template <typename Entry>
const Entry* find_by_name(const std::vector<Entry>& entries, const std::vector<uint32_t>& order,
                          std::string_view name) {
  const auto key = [&](uint32_t i) { return std::string_view(entries[i].name); };
  const auto found = std::ranges::lower_bound(order, name, {}, key);
  return found != order.end() && key(*found) == name ? &entries[*found] : nullptr;
}

template <typename Entry>
const Entry* find_twin(const std::vector<Entry>& entries, const std::vector<uint32_t>& order) {
  const auto same = [&](uint32_t a, uint32_t b) { return entries[a].name == entries[b].name; };
  const auto found = std::ranges::adjacent_find(order, same);
  return found == order.end() ? nullptr : &entries[*found];
}

std::string supported_types() {
  std::string names;
  for (int type = 0; type < kTensorTypes; ++type) {
    if (type > 0) names += type + 1 < kTensorTypes ? ", " : " and ";
    names += tensor_type_name(static_cast<TensorType>(type));
  }
  return names;
}

}  // namespace

Result<TensorTable> TensorTable::create(std::string label, std::vector<TensorView> tensors,
                                        std::vector<ForeignTensor> foreign) {
  TensorTable table;
  table.label_ = std::move(label);
  table.tensors_ = std::move(tensors);
  table.foreign_ = std::move(foreign);
  table.by_name_ = sorted_by_name(table.tensors_);
  table.foreign_by_name_ = sorted_by_name(table.foreign_);
  const std::string* twin = nullptr;
  if (const auto* entry = find_twin(table.tensors_, table.by_name_)) twin = &entry->name;
  if (const auto* entry = find_twin(table.foreign_, table.foreign_by_name_)) twin = &entry->name;
  for (const ForeignTensor& entry : table.foreign_) {
    if (table.find(entry.name) != nullptr) twin = &entry.name;
  }
  if (twin != nullptr) {
    return fail(ErrorCode::kCorrupt,
                table.label_ + ": tensor " + quoted_name(*twin) + " comes twice");
  }
  return table;
}

const TensorView* TensorTable::find(std::string_view name) const {
  return find_by_name(tensors_, by_name_, name);
}

const ForeignTensor* TensorTable::find_foreign(std::string_view name) const {
  return find_by_name(foreign_, foreign_by_name_, name);
}

bool TensorTable::contains(std::string_view name) const {
  return find(name) != nullptr || find_foreign(name) != nullptr;
}

Result<const TensorView*> TensorTable::get(std::string_view name) const {
  if (const TensorView* tensor = find(name)) return tensor;
  if (const ForeignTensor* foreign = find_foreign(name)) {
    return fail(ErrorCode::kUnsupported,
                label_ + ": tensor " + quoted_name(name) + " is of type " + foreign->type_name +
                    ", which is not supported; supported are " + supported_types());
  }
  return fail(ErrorCode::kNotFound, label_ + ": tensor " + quoted_name(name) + " is missing");
}

Result<const TensorView*> TensorTable::get(std::string_view name,
                                           std::span<const int64_t> shape) const {
  QAIO_ASSIGN(const TensorView* tensor, get(name));
  if (!std::ranges::equal(tensor->shape, shape)) {
    return fail(ErrorCode::kCorrupt, label_ + ": tensor " + quoted_name(name) + " has shape " +
                                         shape_text(tensor->shape) + ", expected " +
                                         shape_text(shape));
  }
  return tensor;
}

}  // namespace qaio
