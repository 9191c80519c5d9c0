#include "admin/address.h"
#include "config/checks.h"

namespace sluice::configuration {

namespace {

void check_certificates(const AdminTls& tls, const Places& places, Findings& findings) {
  const auto error = [&](const char* path, const char* message) {
    findings.error(place_of(places, path), path, message);
  };
  if (!tls.cert.empty() && !places.contains("admin.tls.key")) {
    error("admin.tls.cert", "a certificate needs its private key: add key");
  }
  if (!tls.key.empty() && !places.contains("admin.tls.cert")) {
    error("admin.tls.key", "a private key needs its certificate: add cert");
  }
  if (!tls.client_ca.empty() && tls.cert.empty() && tls.key.empty()) {
    error("admin.tls.client_ca",
          "clients are asked for certificates over TLS only: add cert and key");
  }
}

}  // namespace

void check_admin(const AdminOptions& admin, const Places& places, Findings& findings) {
  check_certificates(admin.tls, places, findings);
  const bool tls = !admin.tls.cert.empty();
  if (admin.listen.kind != AdminAddress::Kind::Tcp) {
    if (tls) {
      findings.warning(place_of(places, "admin.tls"), "admin.tls",
                       "has no effect: there is no TCP port to listen on");
    }
    return;
  }
  if (is_local(admin.listen)) {
    return;
  }
  const Place place = place_of(places, "admin.listen");
  if (!places.contains("admin.token") && !places.contains("admin.tls.client_ca")) {
    findings.error(place, "admin.listen",
                   "is open to other machines, so whoever asks must prove who it is: add token or "
                   "tls with client_ca, or listen on 127.0.0.1");
  } else if (!tls) {
    findings.warning(place, "admin.listen",
                     "is open to other machines, and token and records travel as plain text: add "
                     "tls");
  }
}

}  // namespace sluice::configuration
