#include "base/clock.h"

namespace qaio {

const SteadyClock& SteadyClock::instance() {
  static const SteadyClock clock;
  return clock;
}

}  // namespace qaio
