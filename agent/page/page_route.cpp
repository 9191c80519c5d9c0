#include "page/page_route.h"

#include "page/files.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

namespace {

// As a Content-Security-Policy names a script or style that stands in the document.
std::string source_of(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  constexpr std::size_t kBase64 = (SHA256_DIGEST_LENGTH + 2UL) / 3 * 4;
  std::array<unsigned char, kBase64 + 1> coded{};
  EVP_EncodeBlock(coded.data(), digest.data(), digest.size());
  return "'sha256-" + std::string(coded.begin(), coded.end() - 1) + '\'';
}

void fill(std::string& document, std::string_view empty_element, std::string_view text) {
  const std::size_t inside = document.find(empty_element) + empty_element.find('>') + 1;
  document.insert(inside, text);
}

std::string document_of_page() {
  std::string document(kPageMarkup);
  fill(document, "<style></style>", kPageStyle);
  fill(document, "<script></script>", kPageScript);
  return document;
}

std::string policy_of_page() {
  return "default-src 'none'; style-src " + source_of(kPageStyle) + "; script-src " +
         source_of(kPageScript) +
         "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
         "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
}

}  // namespace

void add_page(AdminRoutes& routes) {
  routes.add(AdminMethod::Get, "/", AdminAccess::Open,
             [document = document_of_page(), policy = policy_of_page()](const AdminRequest&) {
               return AdminResponse{.content_type = "text/html; charset=utf-8",
                                    .text = document,
                                    .content_security_policy = policy};
             });
}

}  // namespace sluice
