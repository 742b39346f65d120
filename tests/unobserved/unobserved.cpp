// A build of qaio that makes nothing of its records, to measure what observing costs: linked with
// the program's main file it is the program.
#include "app/observation.h"

namespace qaio {
namespace {

// Before main().
const bool kUnobserved = [] {
  set_record_sink([](RequestRecord) {});
  return true;
}();

}  // namespace
}  // namespace qaio
