#include "tasks/jinja_signatures.h"

#include <algorithm>
#include <iterator>
#include <span>

namespace qaio::jinja {
namespace {

struct Signature {
  std::string_view name;
  std::string_view parameters;  // in order, by spaces; one that begins with "." is never named
  bool any_positional = false;
  bool any_named = false;
};

constexpr Signature kFilters[] = {
    {"abs", ""},
    {"capitalize", ""},
    {"count", ""},
    {"d", "default_value boolean"},
    {"default", "default_value boolean"},
    {"dictsort", "case_sensitive by reverse"},
    {"first", ""},
    {"float", "default"},
    {"indent", "width first blank"},
    {"int", "default base"},
    {"items", ""},
    {"join", "d attribute"},
    {"last", ""},
    {"length", ""},
    {"list", ""},
    {"lower", ""},
    {"map", "", true, true},
    {"max", "case_sensitive attribute"},
    {"min", "case_sensitive attribute"},
    {"reject", "", true, true},
    {"rejectattr", "", true, true},
    {"replace", "old new count"},
    {"reverse", ""},
    {"round", "precision method"},
    {"safe", ""},
    {"select", "", true, true},
    {"selectattr", "", true, true},
    {"sort", "reverse case_sensitive attribute"},
    {"string", ""},
    {"sum", "attribute start"},
    {"title", ""},
    // not Jinja's own, which takes only indent, but Hugging Face's
    {"tojson", "ensure_ascii indent separators sort_keys"},
    {"trim", "chars"},
    {"unique", "case_sensitive attribute"},
    {"upper", ""},
};
constexpr Signature kTests[] = {
    {"!=", ".other"},
    {"<", ".other"},
    {"<=", ".other"},
    {"==", ".other"},
    {">", ".other"},
    {">=", ".other"},
    {"boolean", ""},
    {"callable", ""},
    {"defined", ""},
    {"divisibleby", "num"},
    {"eq", ".other"},
    {"equalto", ".other"},
    {"even", ""},
    {"false", ""},
    {"float", ""},
    {"ge", ".other"},
    {"greaterthan", ".other"},
    {"gt", ".other"},
    {"in", "seq"},
    {"integer", ""},
    {"iterable", ""},
    {"le", ".other"},
    {"lessthan", ".other"},
    {"lt", ".other"},
    {"mapping", ""},
    {"ne", ".other"},
    {"none", ""},
    {"number", ""},
    {"odd", ""},
    {"sequence", ""},
    {"string", ""},
    {"true", ""},
    {"undefined", ""},
};
constexpr Signature kMethods[] = {
    {"capitalize", ""},
    {"count", ".sub"},
    {"cycle", "", true},
    {"endswith", ".suffix"},
    {"find", ".sub"},
    {"get", ".key .default"},
    {"items", ""},
    {"join", ".iterable"},
    {"keys", ""},
    {"lower", ""},
    {"lstrip", ".chars"},
    {"removeprefix", ".prefix"},
    {"removesuffix", ".suffix"},
    {"replace", ".old .new .count"},
    {"rfind", ".sub"},
    {"rsplit", "sep maxsplit"},
    {"rstrip", ".chars"},
    {"split", "sep maxsplit"},
    {"splitlines", "keepends"},
    {"startswith", ".prefix"},
    {"strip", ".chars"},
    {"title", ""},
    {"upper", ""},
    {"values", ""},
};
constexpr Signature kFunctions[] = {
    {"dict", ".mapping", false, true}, {"namespace", ".mapping", false, true},
    {"raise_exception", "message"},    {"range", ".start .stop .step"},
    {"strftime_now", "format"},
};

std::span<const Signature> signatures(CallKind kind) {
  switch (kind) {
    case CallKind::kFilter:
      return kFilters;
    case CallKind::kTest:
      return kTests;
    case CallKind::kMethod:
      return kMethods;
    case CallKind::kFunction:
      return kFunctions;
  }
  return {};
}

const Signature* find(CallKind kind, std::string_view name) {
  const auto all = signatures(kind);
  const auto at = std::ranges::find(all, name, &Signature::name);
  return at == all.end() ? nullptr : &*at;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

bool is_known(CallKind kind, std::string_view name) { return find(kind, name) != nullptr; }

bool takes_arguments(CallKind kind, std::string_view name) {
  const Signature* signature = find(kind, name);
  return signature != nullptr && (signature->any_positional || !signature->parameters.empty());
}

std::string wrong_arguments(CallKind kind, std::string_view name, size_t positional,
                            const std::vector<std::string_view>& named) {
  constexpr std::string_view kKinds[] = {"filter", "test", "method", "function"};
  const Signature& signature = *find(kind, name);
  const auto sentence = [&](const std::string& fault) {
    return "the " + std::string(kKinds[static_cast<size_t>(kind)]) + " '" + std::string(name) +
           "' " + fault;
  };
  const std::vector<std::string_view> parameters = words(signature.parameters);
  if (!signature.any_positional && positional > parameters.size()) {
    return sentence("is given " + std::to_string(positional) + " arguments, of which it takes " +
                    std::to_string(parameters.size()));
  }
  for (const std::string_view given : named) {
    const auto at = std::ranges::find(parameters, given);
    if (signature.any_named) continue;
    if (at == parameters.end())
      return sentence("has no argument '" + std::string(given) + "' that this program knows");
    if (static_cast<size_t>(at - parameters.begin()) < positional)
      return sentence("is given its argument '" + std::string(given) + "' twice");
  }
  return {};
}

}  // namespace qaio::jinja
