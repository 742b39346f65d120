#include "server/http/pem_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace qaio {
namespace {

constexpr size_t kFileBytesMax = 4 << 20;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;

// Read and not mapped: who renews a certificate may write into the file.
Result<std::string> read_pem(const std::string& file) {
  const auto failed = [&](std::string_view what) {
    return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                fmt::format("{}: {}: {}", file, what, std::strerror(errno)));
  };
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed("cannot be opened");
  std::string text;
  ssize_t count = 0;
  do {
    const size_t have = text.size();
    text.resize(have + 16384);
    count = ::read(descriptor, text.data() + have, text.size() - have);
    text.resize(have + static_cast<size_t>(count > 0 ? count : 0));
  } while ((count > 0 && text.size() <= kFileBytesMax) || (count < 0 && errno == EINTR));
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  if (count < 0) return failed("cannot be read");
  if (text.size() > kFileBytesMax) return pem_fault(file, "it is larger than 4 MiB");
  return text;
}

BioPtr bio_of(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace

void FreeX509::operator()(X509* certificate) const { X509_free(certificate); }
void FreeKey::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

tl::unexpected<Error> pem_fault(const std::string& file, std::string_view what) {
  ERR_clear_error();
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", file, what));
}

std::string openssl_reason() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  return text == nullptr ? "unknown reason" : text;
}

Result<std::vector<X509Ptr>> read_certificates(const std::string& file) {
  QAIO_ASSIGN(const std::string text, read_pem(file));
  const BioPtr bio = bio_of(text);
  std::vector<X509Ptr> certificates;
  ERR_clear_error();
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(one);
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return pem_fault(file, fmt::format("certificate {} in it is damaged: {}",
                                       certificates.size() + 1, openssl_reason()));
  }
  ERR_clear_error();
  if (certificates.empty()) {
    return pem_fault(file,
                     "there is no certificate in it; it must be in PEM form, which has a line "
                     "-----BEGIN CERTIFICATE-----");
  }
  return certificates;
}

Result<KeyPtr> read_key(const std::string& file) {
  QAIO_ASSIGN(std::string text, read_pem(file));
  const bool marked = text.find("PRIVATE KEY-----") != std::string::npos;
  const BioPtr bio = bio_of(text);
  bool encrypted = false;
  ERR_clear_error();
  KeyPtr key(PEM_read_bio_PrivateKey(
      bio.get(), nullptr,
      [](char*, int, int, void* asked) {
        *static_cast<bool*>(asked) = true;
        return -1;
      },
      &encrypted));
  OPENSSL_cleanse(text.data(), text.size());
  if (key) return key;
  if (encrypted) {
    return pem_fault(file, fmt::format("the key is encrypted, and nobody is there to give its "
                                       "password; decrypt it: openssl pkey -in {} -out NEW_FILE",
                                       file));
  }
  if (!marked) {
    return pem_fault(file,
                     "there is no private key in it; it must be in PEM form, which has a line "
                     "-----BEGIN PRIVATE KEY-----");
  }
  return pem_fault(file, "the key in it is damaged: " + openssl_reason());
}

std::string subject_of(const X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : "nobody";
}

}  // namespace qaio
