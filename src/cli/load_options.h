// The options of `qaio load`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/transport_options.h"

namespace qaio {

struct LoadCommandOptions {
  std::string url = "http://127.0.0.1:8080";
  std::string endpoint;
  std::string api;
  std::string model;
  std::string api_key;
  std::vector<std::string> headers;
  TransportOptions transport;

  std::optional<int> concurrency;
  std::optional<double> rate;
  std::optional<uint64_t> count;
  std::optional<double> duration_s;
  uint64_t warmup = 1;
  double timeout_s = 120;

  std::string prompt_tokens = "64";
  std::string output_tokens = "64";
  std::optional<int> questions;
  int shared_prefix = 0;
  std::string requests;
  std::string extra_body = "{}";
  bool ignore_eos = false;
  uint64_t seed = 0;

  std::string slo;
  double slo_percent = 95;
  bool json = false;
};

void add_load_options(CLI::App& command, LoadCommandOptions& options);

}  // namespace qaio
