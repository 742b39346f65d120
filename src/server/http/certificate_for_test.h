// For tests: a certificate that signs itself, and its key, in files.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <string>

#include "base/temp_path_for_test.h"
#include "server/http/tls_context.h"

namespace qaio {

// Valid from `begins` to `ends`, seconds from now.
inline TlsFiles write_certificate(const std::string& name, long begins = -60, long ends = 3600) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), begins);
  X509_gmtime_adj(X509_getm_notAfter(certificate), ends);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  EXPECT_GT(X509_sign(certificate, key, EVP_sha256()), 0);

  const TlsFiles files = {.certificate = temp_path(name + ".crt"),
                          .key = temp_path(name + ".key"),
                          .client_ca = ""};
  std::FILE* file = std::fopen(files.certificate.c_str(), "w");
  EXPECT_EQ(PEM_write_X509(file, certificate), 1);
  std::fclose(file);
  file = std::fopen(files.key.c_str(), "w");
  EXPECT_EQ(PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr), 1);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace qaio
