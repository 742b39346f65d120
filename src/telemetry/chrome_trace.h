// Records as a timeline for https://ui.perfetto.dev and chrome://tracing: JSON in the Trace Event
// Format. docs/otlp.md describes what is where.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "record/record_set.h"
#include "trace/step_log.h"

namespace qaio {

// Requests that overlap in time stand in groups of tracks of their own; the lanes of each are the
// tracks. `steps`, in order, are of the last run and have a track, too. Never holds texts.
std::string chrome_trace(const RecordSet& set, std::span<const EngineStep> steps = {});

}  // namespace qaio
