// Tells one model from another without reading it all.
#pragma once

#include <string>

#include "base/file_set.h"

namespace qaio {

// 16 hexadecimal digits: FNV-1a (64 bits) over the model's files in the order of their names. Of
// each file its size (8 bytes, little-endian) and 64 blocks of 4 KiB, evenly spaced from the first
// to the last; of a file of at most 256 KiB all bytes. Of a folder with a config.json only *.json,
// *.safetensors and *.txt, of another the GGUF or packed file: a changed readme is no other model.
// Names and paths do not count.
//
// Milliseconds for any size. A file that differs only between the blocks is taken for the same.
std::string model_fingerprint(const FileSet& files);

}  // namespace qaio
