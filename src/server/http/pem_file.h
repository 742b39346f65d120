// Certificates and keys out of files in PEM form.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace qaio {

struct FreeX509 {
  void operator()(X509* certificate) const;
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const;
};
using X509Ptr = std::unique_ptr<X509, FreeX509>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeKey>;

// Each of the file, at least one, in order; other things in it are passed over.
Result<std::vector<X509Ptr>> read_certificates(const std::string& file);
// A key that needs a password cannot be used: nobody is there to type it.
Result<KeyPtr> read_key(const std::string& file);

// Whom it names: "CN = example.org".
std::string subject_of(const X509* certificate);

tl::unexpected<Error> pem_fault(const std::string& file, std::string_view what);
// OpenSSL's own words for what went wrong last.
std::string openssl_reason();

}  // namespace qaio
