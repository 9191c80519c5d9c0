#include "sources/reason_codes.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace sluice {

namespace {

struct Meaning {
  int code;
  std::string_view text;
};

constexpr auto kConnect = std::to_array<Meaning>({
    {0x01, "the broker does not speak this protocol version: set protocol to 3.1.1"},
    {0x02, "the broker rejects the client id: set another client_id"},
    {0x03, "the broker is unavailable"},
    {0x04, "user name or password is wrong: check username and password"},
    {0x05, "not authorised: check username, password and the broker's access rules"},
    {0x80, "the broker does not say why"},
    {0x81, "the broker calls the CONNECT packet malformed"},
    {0x82, "the broker reports a protocol error"},
    {0x83, "the broker does not support something that was asked for"},
    {0x84, "the broker does not speak this protocol version: set protocol to 3.1.1"},
    {0x85, "the broker rejects the client id: set another client_id"},
    {0x86, "user name or password is wrong: check username and password"},
    {0x87, "not authorised: check username, password and the broker's access rules"},
    {0x88, "the broker is unavailable"},
    {0x89, "the broker is busy"},
    {0x8A, "this client is banned: ask whoever runs the broker"},
    {0x8C, "the broker wants another authentication method"},
    {0x95, "the CONNECT packet is too large for the broker"},
    {0x97, "quota exceeded: the broker limits this client or its number of connections"},
    {0x9C, "the broker asks to use another server: change url"},
    {0x9D, "the broker has moved: change url"},
    {0x9F, "connection rate exceeded: the broker limits how often clients connect"},
});

constexpr auto kSubscribe = std::to_array<Meaning>({
    {0x80, "the broker does not say why: check its access rules for this filter"},
    {0x83, "the broker does not support something that was asked for"},
    {0x87,
     "not authorised: allow this client to subscribe to the filter in the broker's access "
     "rules, or remove it from topics"},
    {0x8F, "the broker calls the filter invalid: correct it in topics"},
    {0x91, "the packet id is in use"},
    {0x97, "quota exceeded: the broker limits the number of subscriptions"},
    {0x9E, "the broker does not support shared subscriptions: remove $share/ from the filter"},
    {0xA1, "the broker does not support subscription identifiers"},
    {0xA2, "the broker does not support wildcards: name the topics one by one"},
});

constexpr auto kDisconnect = std::to_array<Meaning>({
    {0x81, "the broker calls a packet malformed"},
    {0x82, "the broker reports a protocol error"},
    {0x87, "not authorised: check the broker's access rules"},
    {0x89, "the broker is busy"},
    {0x8B, "the broker is shutting down"},
    {0x8D, "the broker has heard nothing for one and a half times keep_alive"},
    {kSessionTakenOver,
     "another client has connected with the same client id: two agents share an agent.id, or two "
     "sources a client_id; give each its own"},
    {0x93, "the broker says that Receive Maximum was exceeded"},
    {0x95, "the broker says that a packet was too large"},
    {0x96, "message rate too high"},
    {0x97, "quota exceeded: the broker limits this client"},
    {0x98, "closed by an administrator of the broker"},
    {0x9C, "the broker asks to use another server: change url"},
    {0x9D, "the broker has moved: change url"},
    {0x9F, "connection rate exceeded: the broker limits how often clients connect"},
    {0xA0, "the broker limits how long a connection may last"},
});

std::string text_of(std::span<const Meaning> meanings, int code) {
  const auto found =
      std::ranges::find_if(meanings, [code](const Meaning& each) { return each.code == code; });
  const std::string number = " (code " + std::to_string(code) + ")";
  return (found == meanings.end() ? "the broker gives an unknown reason"
                                  : std::string(found->text)) +
         number;
}

}  // namespace

std::string connect_refusal(int code) {
  return "the broker refuses the connection: " + text_of(kConnect, code);
}

std::string subscribe_refusal(int code) {
  return text_of(kSubscribe, code);
}

std::string broker_disconnect(int code) {
  return "the broker has ended the connection: " + text_of(kDisconnect, code);
}

}  // namespace sluice
