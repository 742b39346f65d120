// The names of what templates may call, and which arguments each takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qaio::jinja {

enum class CallKind : uint8_t { kFilter, kTest, kMethod, kFunction };

bool is_known(CallKind kind, std::string_view name);
bool takes_arguments(CallKind kind, std::string_view name);
// Why such a call of a known name is wrong, as a whole sentence; empty: it is right. An argument
// that nobody reads would give a prompt that is a little wrong, which nobody notices.
std::string wrong_arguments(CallKind kind, std::string_view name, size_t positional,
                            const std::vector<std::string_view>& named);

}  // namespace qaio::jinja
