#include "admin/address.h"
#include "config/fields.h"
#include "config/rules.h"

#include <algorithm>

namespace sluice::configuration {

namespace {

Status check_listen(const std::string& text) {
  const Result<AdminAddress> address = parse_admin_address(text);
  return address ? Status{} : address.error();
}

// Sent in a header.
Status check_token(const std::string& text) {
  const bool visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
  if (text.empty() || !visible) {
    return Error{Reaction::Reject, "must not be empty, and consist of visible ASCII characters"};
  }
  return {};
}

Field listen_field(AdminAddress& address) {
  std::string shown = to_text(address);
  Field field =
      text("listen", shown, "Address and port, unix:/path, or off.").checked(check_listen);
  field.store = [&address](const FieldValue& value) {
    if (Result<AdminAddress> parsed = parse_admin_address(std::get<std::string>(value)); parsed) {
      address = *std::move(parsed);
    }
  };
  return field;
}

}  // namespace

std::vector<Field> admin_fields(AdminOptions& admin) {
  return {
      listen_field(admin.listen),
      secret("token", admin.token,
             "Bearer token to present for figures and tools; needed to listen elsewhere.")
          .checked(check_token),
      section("tls",
              {text("cert", admin.tls.cert, "PEM file with the endpoint's certificate and chain.")
                   .checked(check_pem_path),
               text("key", admin.tls.key, "PEM file with the private key of the certificate.")
                   .checked(check_pem_path),
               text("client_ca", admin.tls.client_ca,
                    "PEM file with issuers: only clients with a certificate of theirs may connect.")
                   .checked(check_pem_path)},
              "For https."),
  };
}

}  // namespace sluice::configuration
