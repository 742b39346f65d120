// The demo model that travels inside the program.
#pragma once

#include "base/file_set.h"

namespace qaio {

// The files of models/demo, labelled "demo". They live as long as the program.
FileSet embedded_demo_model();

}  // namespace qaio
