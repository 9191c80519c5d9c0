#include "tests/support/certificates.h"

#include "tests/support/process.h"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace sluice::testing_support {

namespace {

void openssl(const TempDirectory& directory, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "openssl");
  Process run({.arguments = arguments, .output = directory.file("openssl.log"), .environment = {}});
  if (run.wait(std::chrono::seconds(60)) != 0) {
    throw std::runtime_error("openssl " + arguments.at(1) + " failed");
  }
}

}  // namespace

Authority::Authority() : ca_{directory_.file("ca.pem"), directory_.file("ca.key")} {
  openssl(directory_, {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                       "-nodes", "-keyout", ca_.key, "-out", ca_.cert, "-days", "30", "-subj",
                       "/CN=sluice test authority"});
}

KeyPair Authority::issue(const std::string& name, const std::string& names, int days) {
  KeyPair pair{directory_.file(name + ".pem"), directory_.file(name + ".key")};
  const std::string request = directory_.file(name + ".csr");
  const std::string extensions = directory_.file(name + ".ext");
  std::ofstream(extensions) << "subjectAltName=" << names << '\n';
  openssl(directory_, {"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                       "-keyout", pair.key, "-out", request, "-subj", "/CN=" + name});
  openssl(directory_,
          {"x509", "-req", "-in", request, "-CA", ca_.cert, "-CAkey", ca_.key, "-CAcreateserial",
           "-out", pair.cert, "-days", std::to_string(days), "-extfile", extensions});
  return pair;
}

}  // namespace sluice::testing_support
