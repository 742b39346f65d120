// The records that this server served, as reports and comparisons look at them: those of the
// archive, everything ended before included, or those in memory when there is none.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "report/language.h"
#include "server/http/query_fields.h"
#include "server/observe/observe_api.h"

namespace qaio {

inline constexpr int64_t kFactsMax = 100'000;  // about 50 MiB while an answer is made of them

// Of the fields "since", "until", "version" and "model" after `prefix`; "task", "route".
Result<RecordSelection> selection_fields(const QueryFields& fields, std::string_view prefix,
                                         int64_t now_unix_ms);
// Of "lang": en, unless it is zh.
Result<Language> language_field(const QueryFields& fields);

using FactsLoader = std::function<Result<CompactRecords>(const RecordSelection&)>;

// Answers with what `make` returns on the reports' thread; an error of it is the archive's. As
// answer_aside() and after at most 30 s.
void answer_from_facts(const std::shared_ptr<Call>& call, const ObserveSources& sources,
                       std::function<Result<HttpResponse>(const FactsLoader& load)> make);

}  // namespace qaio
