// What a model's files ask of sampling that this program does not do.
#pragma once

#include <string>
#include <vector>

#include "base/file_set.h"

namespace qaio {

// A sentence for each file that asks for some, naming the settings; none for values that change
// nothing. Only defaults: a request decides for itself, so they are warnings.
std::vector<std::string> ignored_sampling(const FileSet& files);

}  // namespace qaio
