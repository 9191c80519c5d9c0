"use strict";
// Figures as people read them. What is not known is a dash.

const NONE = "–";
const LESS = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
const SHORT = new Intl.NumberFormat("en", {notation: "compact", maximumSignificantDigits: 3});

const isKnown = (figure) => figure !== null && figure !== undefined;

// 12,345 and 1.23M
function count(figure) {
  if (!isKnown(figure)) return NONE;
  return figure < 100_000 ? LESS.format(figure) : SHORT.format(figure);
}

// 0.25/s, 12.5/s, 1,234/s
function rate(figure) {
  if (!isKnown(figure)) return NONE;
  if (figure >= 100 || Number.isInteger(figure)) return `${count(figure)}/s`;
  return `${figure.toFixed(figure < 1 ? 2 : 1)}/s`;
}

function bytes(figure) {
  if (!isKnown(figure)) return NONE;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (figure >= 1024 && unit + 1 < units.length) {
    figure /= 1024;
    ++unit;
  }
  return `${figure.toFixed(unit > 0 && figure < 100 ? 1 : 0)} ${units[unit]}`;
}

// 40 ms, 3.2 s, 45 s, 3 min 20 s, 4 h 12 min, 3 d 4 h
function span(seconds) {
  if (!isKnown(seconds)) return NONE;
  if (seconds > 0 && seconds < 0.95) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds > 0 && seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => whole >= size);
  if (first < 0) return "0 s";
  const [unit, size] = units[first];
  const amount = Math.floor(whole / size);
  if (unit === "d" && amount >= 1000) return "years";
  const rest = first + 1 < units.length ? Math.floor((whole % size) / units[first + 1][1]) : 0;
  return rest > 0 ? `${amount} ${unit} ${rest} ${units[first + 1][0]}` : `${amount} ${unit}`;
}

function share(figure) {
  if (!isKnown(figure)) return NONE;
  return figure > 0 && figure < 0.01 ? "< 0.01" : figure.toFixed(2);
}

// Seconds from one time of the agent to another; its clock may be wrong, but it is one clock.
function secondsBetween(from, to) {
  return isKnown(from) && isKnown(to) ? (Date.parse(to) - Date.parse(from)) / 1000 : null;
}

// dropped_full -> dropped full
const words = (name) => name.replaceAll("_", " ");
