// What the options of the source mean for the link and for Paho.
#pragma once

#include "sources/broker_link.h"
#include "sources/mqtt_source.h"
#include "sources/paho_connection.h"

namespace sluice {

// User name and password of the URL count where the options have none.
BrokerLinkOptions link_options(const MqttSourceOptions& options);

// Without port, token and connect_timeout, which come from the link.
PahoOptions paho_options(const MqttSourceOptions& options);

}  // namespace sluice
