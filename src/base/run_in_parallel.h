// A few independent pieces of work side by side, for commands that are waited for. The engine has
// ThreadPool.
#pragma once

#include <functional>
#include <span>

namespace qaio {

// Runs every job once on up to `threads` threads, the caller's among them; returns when all are
// done. Jobs must not throw.
void run_in_parallel(std::span<const std::function<void()>> jobs, int threads);

}  // namespace qaio
