// A flow as a queue.

const HURRY = 4 * 3600;  // full sooner than this: somebody should hurry
const CATCHING_UP = 10;  // seconds to drain from which a backlog is worth a word

function moodOf(flow) {
  const {queue} = flow;
  if (isKnown(queue.time_to_full)) {
    return {word: "filling", mood: queue.time_to_full < HURRY ? "bad" : "warn"};
  }
  if (queue.records === 0) return {word: queue.arrival_rate > 0 ? "keeping up" : "empty", mood: "good"};
  if (isKnown(queue.time_to_drain)) {
    return queue.time_to_drain > CATCHING_UP ? {word: "catching up", mood: "warn"} : {word: "keeping up", mood: "good"};
  }
  return isKnown(queue.service_rate) ? {word: "held up", mood: "warn"} : {word: "starting", mood: ""};
}

function timeToDrain({queue}) {
  if (isKnown(queue.time_to_drain)) return span(queue.time_to_drain);
  if (queue.records === 0) return "empty";
  return isKnown(queue.service_rate) ? "not draining" : NONE;
}

function timeToFull({queue}) {
  if (isKnown(queue.time_to_full)) return span(queue.time_to_full);
  return isKnown(queue.service_rate) || queue.arrival_rate === 0 ? "not filling" : NONE;
}

// What the ledger must come to: everything that was stored, and where it is now.
function balanceOf({ledger}) {
  const came = (ledger.stored ?? 0) + (ledger.requeued ?? 0);
  const gone = Object.entries(ledger)
    .filter(([what]) => !["stored", "requeued", "dropped_dead"].includes(what))
    .reduce((sum, [, records]) => sum + records, 0);
  return came - gone;
}

// The least that any sink of the flow is through with: what has left the flow.
function served({queue}) {
  const sinks = Object.values(queue.sinks);
  return sinks.length > 0 ? Math.min(...sinks.map((sink) => sink.served)) : 0;
}

class FlowCard {
  constructor(name) {
    this.pill = new Pill();
    this.large = new Figures("figures large");
    this.rates = new Plot([{name: "in", kind: "in"}, {name: "out", kind: "out"}], rate);
    this.backlog = new Plot([{name: "backlog", kind: "held"}], count);
    this.small = new Figures("figures");
    this.room = new Bar();
    this.sinks = new Figures("lines");
    this.ledger = new Figures("lines");
    this.last = null;
    this.root = element("article", "card",
      element("div", "head", element("h3", "", name), this.pill.root), this.large.root,
      element("div", "plots", this.rates.root, this.backlog.root), this.room.root, this.small.root,
      element("details", "", element("summary", "", "Sinks of this flow"), this.sinks.root),
      element("details", "", element("summary", "", "Ledger: where every record is"), this.ledger.root));
    this.root.dataset.name = name;
  }

  update(flow, status, time) {
    const {queue} = flow;
    const {word, mood} = moodOf(flow);
    this.pill.set(word, mood);
    this.large.set("Backlog", count(queue.records), "", "L now: records that no sink is through with");
    this.large.set("Time to full", timeToFull(flow), isKnown(queue.time_to_full) ? mood : "word",
      "until there is no room, if it goes on like this");
    this.large.set("Time to drain", timeToDrain(flow), isKnown(queue.time_to_drain) ? "" : "word", "until the backlog is gone, if it goes on like this");
    this.small.set("λ arrivals", rate(queue.arrival_rate), "", "records that arrive in a second, last minute");
    this.small.set("μ service", rate(queue.service_rate), "", "records that the slowest sink takes in a second while it has any");
    this.small.set("ρ = λ/μ", isKnown(queue.utilization) ? share(queue.utilization) : queue.service_rate === 0 ? "∞" : NONE,
      queue.utilization >= 1 || (queue.service_rate === 0 && queue.arrival_rate > 0) ? "bad" : "",
      "from 1 on the flow fills");
    this.small.set("L mean", count(queue.mean_records), "", "records in the flow, on average of the last minute");
    this.small.set("W measured", span(queue.time_in_system), "", "from the arrival of a record until it is confirmed");
    this.small.set("W = L/λ", span(queue.little_time), "", "the same by Little's law; if the two differ much, the flow fills or drains");
    this.room.set(flow.held_bytes, flow.max_bytes,
      `${bytes(flow.held_bytes)} on disk, room for ${bytes(flow.max_bytes)}`);
    for (const [name, sink] of Object.entries(queue.sinks)) {
      const late = sink.oldest ? `, oldest waits ${span(Math.max(0, secondsBetween(sink.oldest, status.time)))}` : "";
      this.sinks.set(name, `${count(sink.served)} done, μ ${rate(sink.service_rate)}, W ${span(sink.time_in_system)}${late}`);
    }
    for (const [what, records] of Object.entries(flow.ledger)) {
      this.ledger.set(words(what), LESS.format(records), what.startsWith("d") && what !== "delivered" ? "warn" : "");
    }
    this.ledger.set("held", LESS.format(balanceOf(flow)));
    if (flow.decode_errors > 0) this.ledger.set("not decoded", LESS.format(flow.decode_errors), "warn");
    this.plot(flow, time);
  }

  // A restarted agent counts from nothing again.
  plot(flow, time) {
    const now = {time, arrived: flow.records, served: served(flow)};
    const {last} = this;
    this.last = now;
    this.backlog.add(time, [flow.queue.records]);
    if (!last || now.arrived < last.arrived || now.served < last.served) return;
    const seconds = time - last.time;
    this.rates.add(time, [(now.arrived - last.arrived) / seconds, (now.served - last.served) / seconds]);
  }
}
