// Prints Sparkplug B messages with what they must become. What is expected is written by hand, from
// the values that go in; the bytes are made by sparkplug-payload, or by its protobuf classes where
// it does not know a type (arrays).
//
// Every vector is five lines and an empty one:
//   # what it shows
//   topic
//   payload in hex
//   time of the record in ms, and its error if it has one
//   the record as JSON
// They are decoded in this order by one decoder, so that a birth tells what follows it.
import { encodePayload } from 'sparkplug-payload/lib/sparkplugbpayload.js';
import proto from 'sparkplug-payload/lib/sparkplugPayloadProto.js';
import Long from 'long';

const RawPayload = proto.org.eclipse.tahu.protobuf.Payload;
const raw = (payload) => RawPayload.encode(RawPayload.create(payload)).finish();
const bytes = (...values) => Uint8Array.from(values);
const T = 1763692800123;

// As JSON.stringify, except that integers beyond 2^53 are given as {raw: "digits"}.
function json(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if ('raw' in value) return value.raw;
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}:${json(each)}`).join(',')}}`;
}

function vector(what, topic, payload, expected, error = '') {
  console.log(`# ${what}\n${topic}\n${Buffer.from(payload).toString('hex')}`);
  console.log(`${expected.timestamp}${error ? ' ' + error : ''}\n${json(expected)}\n`);
}

const node = (type) => ({ group: 'Plant 1', type, node: 'Edge-7' });
const device = (type) => ({ ...node(type), device: 'Press_1' });
const nodeTopic = (type) => `spBv1.0/Plant 1/${type}/Edge-7`;
const deviceTopic = (type) => `spBv1.0/Plant 1/${type}/Edge-7/Press_1`;

vector('a node is born: names, aliases and types', nodeTopic('NBIRTH'), encodePayload({
  timestamp: T, seq: 0, metrics: [
    { name: 'bdSeq', type: 'Int64', value: 4, timestamp: T },
    { name: 'Node Control/Rebirth', type: 'Boolean', value: false, timestamp: T },
    { name: 'temp', alias: 1, type: 'Float', value: 21.5, timestamp: T },
    { name: 'offset', alias: 2, type: 'Int16', value: -5, timestamp: T },
    { name: 'serial', alias: 3, type: 'String', value: 'A-"1"\n', timestamp: T },
  ] }), { ...node('NBIRTH'), seq: 0, timestamp: T, metrics: {
  bdSeq: 4, 'Node Control/Rebirth': false, temp: 21.5, offset: -5, serial: 'A-"1"\n' } });

vector('every integer, with its limits', nodeTopic('NDATA'), encodePayload({
  timestamp: T + 1, seq: 1, metrics: [
    { name: 'i8', type: 'Int8', value: -128 }, { name: 'i8max', type: 'Int8', value: 127 },
    { name: 'i16', type: 'Int16', value: -32768 }, { name: 'i32', type: 'Int32', value: -2147483648 },
    { name: 'i64', type: 'Int64', value: Long.MIN_VALUE },
    { name: 'u8', type: 'UInt8', value: 255 }, { name: 'u16', type: 'UInt16', value: 65535 },
    { name: 'u32', type: 'UInt32', value: 4294967295 },
    { name: 'u64', type: 'UInt64', value: Long.MAX_UNSIGNED_VALUE },
    { name: 'when', type: 'DateTime', value: 1486144502122 },
  ] }), { ...node('NDATA'), seq: 1, timestamp: T + 1, metrics: {
  i8: -128, i8max: 127, i16: -32768, i32: -2147483648, i64: { raw: '-9223372036854775808' },
  u8: 255, u16: 65535, u32: 4294967295, u64: { raw: '18446744073709551615' }, when: 1486144502122 } });

vector('every other simple type', nodeTopic('NDATA'), encodePayload({
  timestamp: T + 2, seq: 2, metrics: [
    { name: 'f', type: 'Float', value: 0.1 }, { name: 'd', type: 'Double', value: -1014.25 },
    { name: 'nan', type: 'Double', value: NaN }, { name: 'inf', type: 'Float', value: Infinity },
    { name: 'yes', type: 'Boolean', value: true }, { name: 'text', type: 'Text', value: 'Grüße' },
    { name: 'id', type: 'UUID', value: '669e3a0c-5f8b-4a5c-9d3e-1f5d7b9c2a10' },
    { name: 'bytes', type: 'Bytes', value: bytes(0, 255, 16) },
    { name: 'file', type: 'File', value: bytes(80, 75), metadata: { fileName: 'x.zip' } },
    { name: 'none', type: 'Int32', value: null },
  ] }), { ...node('NDATA'), seq: 2, timestamp: T + 2, metrics: {
  f: 0.1, d: -1014.25, nan: null, inf: null, yes: true, text: 'Grüße',
  id: '669e3a0c-5f8b-4a5c-9d3e-1f5d7b9c2a10', bytes: 'AP8Q', file: 'UEs=', none: null } });

vector('aliases without names and types', nodeTopic('NDATA'), raw({
  timestamp: T + 3, seq: 3, metrics: [
    { alias: 1, floatValue: 22.25 }, { alias: 2, intValue: 4294967289 }, { alias: 3, stringValue: 'B' },
  ] }), { ...node('NDATA'), seq: 3, timestamp: T + 3, metrics: { temp: 22.25, offset: -7, serial: 'B' } });

vector('a name without a type', nodeTopic('NDATA'), raw({
  timestamp: T + 4, seq: 4, metrics: [{ name: 'offset', intValue: 4294967295 }] }),
{ ...node('NDATA'), seq: 4, timestamp: T + 4, metrics: { offset: -1 } });

vector('an alias that nobody has explained', nodeTopic('NDATA'), raw({
  timestamp: T + 5, seq: 5, metrics: [{ alias: 1, floatValue: 1 }, { alias: 99, doubleValue: 2.5 }] }),
{ ...node('NDATA'), seq: 5, timestamp: T + 5, metrics: { temp: 1, 'alias:99': 2.5 } }, 'unknown_alias');

vector('an integer whose type nobody has explained', nodeTopic('NDATA'), raw({
  timestamp: T + 6, seq: 6, metrics: [{ name: 'new', intValue: 7 }] }),
{ ...node('NDATA'), seq: 6, timestamp: T + 6, metrics: { new: 7 } }, 'unknown_datatype');

vector('aliases of a node are not those of its device', deviceTopic('DDATA'), raw({
  timestamp: T + 7, seq: 7, metrics: [{ alias: 1, floatValue: 3.5 }] }),
{ ...device('DDATA'), seq: 7, timestamp: T + 7, metrics: { 'alias:1': 3.5 } }, 'unknown_alias');

vector('a device is born', deviceTopic('DBIRTH'), encodePayload({
  timestamp: T + 8, seq: 8, metrics: [
    { name: 'force', alias: 1, type: 'Double', value: 12.5, timestamp: T + 8,
      properties: { engUnit: { type: 'String', value: 'kN' }, Quality: { type: 'Int32', value: 192 } } },
  ] }), { ...device('DBIRTH'), seq: 8, timestamp: T + 8, metrics: { force: 12.5 },
  properties: { force: { engUnit: 'kN', Quality: 192 } } });

vector('data of the device', deviceTopic('DDATA'), raw({
  timestamp: T + 9, seq: 9, metrics: [{ alias: 1, doubleValue: 13 }] }),
{ ...device('DDATA'), seq: 9, timestamp: T + 9, metrics: { force: 13 } });

vector('metrics with times of their own, and from the past', deviceTopic('DDATA'), raw({
  timestamp: T + 10, seq: 10, metrics: [
    { name: 'a', datatype: 3, intValue: 1, timestamp: T + 10 },
    { name: 'b', datatype: 3, intValue: 2, timestamp: T - 5000, isHistorical: true }] }),
{ ...device('DDATA'), seq: 10, timestamp: T + 10, metrics: { a: 1, b: 2 }, timestamps: { b: T - 5000 },
  historical: { b: true } });

vector('a table', nodeTopic('NDATA'), encodePayload({
  timestamp: T + 11, seq: 11, metrics: [{ name: 'set', type: 'DataSet', value: {
    numOfColumns: 3, columns: ['n', 'ok', 'what'], types: ['UInt32', 'Boolean', 'String'],
    rows: [[1, true, 'x'], [2, false, 'y']] } }] }),
{ ...node('NDATA'), seq: 11, timestamp: T + 11, metrics: { set: {
  columns: ['n', 'ok', 'what'], rows: [[1, true, 'x'], [2, false, 'y']] } } });

vector('a template', nodeTopic('NDATA'), encodePayload({
  timestamp: T + 12, seq: 12, metrics: [{ name: 'motor', type: 'Template', value: {
    isDefinition: false, templateRef: 'Motor', version: '1.2',
    metrics: [{ name: 'rpm', type: 'Int32', value: -10 },
      { name: 'inner', type: 'Template', value: { templateRef: 'Bearing', isDefinition: false,
        metrics: [{ name: 'wear', type: 'Double', value: 0.5 }] } }],
    parameters: [{ name: 'phase', type: 'Int32', value: -1 }] } }] }),
{ ...node('NDATA'), seq: 12, timestamp: T + 12, metrics: { motor: {
  version: '1.2', template: 'Motor', is_definition: false, parameters: { phase: -1 }, metrics: { rpm: -10,
    inner: { template: 'Bearing', is_definition: false, parameters: {}, metrics: { wear: 0.5 } } } } } });

vector('arrays', nodeTopic('NDATA'), raw({
  timestamp: T + 13, seq: 13, metrics: [
    { name: 'i8', datatype: 22, bytesValue: bytes(0xEF, 0x7B) },
    { name: 'i16', datatype: 23, bytesValue: bytes(0x30, 0x8A, 0xD2, 0x84) },
    { name: 'i32', datatype: 24, bytesValue: bytes(0xFF, 0xFF, 0xFF, 0xFF, 0x03, 0x60, 0xCA, 0x12) },
    { name: 'i64', datatype: 25, bytesValue: bytes(0, 0, 0, 0, 0, 0, 0, 0x80) },
    { name: 'u8', datatype: 26, bytesValue: bytes(0x17, 0xFA) },
    { name: 'u16', datatype: 27, bytesValue: bytes(0x1E, 0x00, 0x36, 0xC0) },
    { name: 'u32', datatype: 28, bytesValue: bytes(0xFF, 0xFF, 0xFF, 0xFF) },
    { name: 'u64', datatype: 29, bytesValue: bytes(255, 255, 255, 255, 255, 255, 255, 255) },
    { name: 'f', datatype: 30, bytesValue: bytes(0, 0, 0xC0, 0x3F) },
    { name: 'd', datatype: 31, bytesValue: bytes(0, 0, 0, 0, 0, 0, 0xF8, 0x7F, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F) },
    { name: 'b', datatype: 32, bytesValue: bytes(0x0C, 0, 0, 0, 0x34, 0xD0) },
    { name: 's', datatype: 33, bytesValue: bytes(0x41, 0x42, 0, 0, 0x63, 0) },
    { name: 't', datatype: 34, bytesValue: bytes(0xC7, 0xD0, 0x90, 0x75, 0x24, 0x01, 0, 0) },
    { name: 'empty', datatype: 24, bytesValue: bytes() },
  ] }), { ...node('NDATA'), seq: 13, timestamp: T + 13, metrics: {
  i8: [-17, 123], i16: [-30160, -31534], i32: [-1, 315252739], i64: [{ raw: '-9223372036854775808' }],
  u8: [23, 250], u16: [30, 49206], u32: [4294967295], u64: [{ raw: '18446744073709551615' }],
  f: [1.5], d: [null, 1],
  b: [false, false, true, true, false, true, false, false, true, true, false, true], s: ['AB', '', 'c'],
  t: [1256102875335], empty: [] } });

vector('sets of properties', nodeTopic('NDATA'), raw({
  timestamp: T + 14, seq: 14, metrics: [{ name: 'm', datatype: 11, booleanValue: true, properties: {
    keys: ['low', 'limits', 'list', 'none'], values: [
      { type: 1, intValue: 254 },
      { type: 20, propertysetValue: { keys: ['max'], values: [{ type: 9, floatValue: 1.5 }] } },
      { type: 21, propertysetsValue: { propertyset: [{ keys: ['a'], values: [{ type: 12, stringValue: 'b' }] }] } },
      { type: 3, isNull: true }] } }] }),
{ ...node('NDATA'), seq: 14, timestamp: T + 14, metrics: { m: true }, properties: { m: {
  low: -2, limits: { max: 1.5 }, list: [{ a: 'b' }], none: null } } });

vector('no metrics', nodeTopic('NDATA'), raw({ timestamp: T + 15, seq: 15 }),
  { ...node('NDATA'), seq: 15, timestamp: T + 15, metrics: {} });

vector('what is not metrics', nodeTopic('NDATA'), raw({
  timestamp: T + 16, seq: 16, uuid: 'SPBV1.0_COMPRESSED', body: bytes(1, 2, 3) }),
{ ...node('NDATA'), seq: 16, timestamp: T + 16, uuid: 'SPBV1.0_COMPRESSED', body: 'AQID', metrics: {} });

vector('a command', deviceTopic('DCMD'), encodePayload({
  timestamp: T + 17, metrics: [{ name: 'setpoint', type: 'UInt16', value: 5 }] }),
{ ...device('DCMD'), timestamp: T + 17, metrics: { setpoint: 5 } });

vector('a device dies', deviceTopic('DDEATH'), raw({ timestamp: T + 18, seq: 17 }),
  { ...device('DDEATH'), seq: 17, timestamp: T + 18, metrics: {} });

vector('a node dies', nodeTopic('NDEATH'), encodePayload({
  timestamp: T + 19, metrics: [{ name: 'bdSeq', type: 'Int64', value: 4 }] }),
{ ...node('NDEATH'), timestamp: T + 19, metrics: { bdSeq: 4 } });
