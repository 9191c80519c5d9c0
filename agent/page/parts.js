// Sinks, sources and the buffer.

const BREAKER = {
  closed: {word: "delivering", mood: "good"},
  half_open: {word: "trying again", mood: "warn"},
  open: {word: "takes nothing", mood: "bad"},
};

class SinkCard {
  constructor(name) {
    this.pill = new Pill();
    this.address = element("p", "address note");
    this.trouble = element("p", "trouble");
    this.figures = new Figures("figures");
    this.root = element("article", "card", element("div", "head", element("h3", "", name), this.pill.root),
      this.address, this.trouble, this.figures.root);
    this.root.dataset.name = name;
  }

  update(sink, status) {
    const {word, mood} = BREAKER[sink.breaker] ?? {word: sink.breaker, mood: "warn"};
    const held = sink.waiting_for === "none" || sink.breaker !== "closed" ? "" : words(sink.waiting_for);
    this.pill.set(sink.flows_refused > 0 ? "refuses" : held ? `waits: ${held}` : word,
      sink.flows_refused > 0 ? "bad" : held ? "warn" : mood);
    this.trouble.hidden = !sink.last_error;
    say(this.trouble, sink.last_error ?? "");
    say(this.address, sink.url ?? "");
    const next = secondsBetween(status.time, sink.next_attempt);
    this.figures.set("next try", next === null ? NONE : next > 0 ? `in ${span(next)}` : "now",
      next === null ? "" : "warn");
    this.figures.set("breaker", words(sink.breaker), sink.breaker === "closed" ? "" : "bad",
      "open: nothing is sent until the next attempt");
    this.figures.set("delivered", count(sink.records), "", "records");
    this.figures.set("compressed", bytes(sink.bytes), "", "size of what was delivered");
    this.figures.set("retries", count(sink.retries), "", "attempts that were not confirmed");
    const dead = sink.dead.refused + sink.dead.too_large;
    this.figures.set("dead letters", count(dead), dead > 0 ? "bad" : "");
    if (sink.failovers > 0) this.figures.set("failovers", count(sink.failovers));
    for (const [name, title] of [["certificate", "certificate"], ["server_certificate", "server's certificate"]]) {
      if (sink[name]) this.figures.set(title, `${sink[name].days_left} days left`, sink[name].days_left < 14 ? "bad" : "");
    }
  }
}

class SourceCard {
  constructor(name) {
    this.pill = new Pill();
    this.figures = new Figures("figures");
    this.root = element("article", "card", element("div", "head", element("h3", "", name), this.pill.root), this.figures.root);
    this.root.dataset.name = name;
    this.last = null;
  }

  update(source, status, time) {
    this.pill.set(source.connected ? "connected" : "not connected", source.connected ? "good" : "bad");
    const {last} = this;
    const passed = last && source.messages >= last.messages ? (source.messages - last.messages) / (time - last.time) : null;
    this.last = {messages: source.messages, time};
    this.figures.set("messages", count(source.messages));
    this.figures.set("now", rate(passed));
    this.figures.set("acknowledged", count(source.acknowledged));
    this.figures.set("redelivered", count(source.redelivered), "", "sent again by the broker, recognised, not stored twice");
    this.figures.set("connects", count(source.connects));
    if (source.oversize > 0) this.figures.set("too large, skipped", count(source.oversize), "bad");
  }
}

class BufferCard {
  constructor(root) {
    this.trouble = element("p", "trouble");
    this.bar = new Bar();
    this.figures = new Figures("figures");
    root.append(element("article", "card", this.trouble, this.bar.root, this.figures.root));
  }

  update(buffer) {
    const trouble = buffer.trouble ?? buffer.quarantine;
    this.trouble.hidden = !trouble;
    say(this.trouble, trouble ?? "");
    this.bar.set(buffer.file_bytes, buffer.file_max_bytes,
      `${bytes(buffer.file_bytes)} of the file in use, it may grow to ${bytes(buffer.file_max_bytes)}`);
    this.figures.set("records held", count(buffer.held_records));
    this.figures.set("blocks held", count(buffer.held_blocks));
    this.figures.set("not yet on disk", bytes(buffer.waiting_bytes));
    this.figures.set("never written", count(buffer.passed_records), "", "records delivered before they had to be written");
    const dropped = buffer.dropped_full + buffer.dropped_disk + buffer.dropped_age;
    this.figures.set("dropped", count(dropped), dropped > 0 ? "bad" : "");
    const damaged = buffer.damaged_blocks + buffer.lost_blocks;
    this.figures.set("damaged blocks", count(damaged), damaged > 0 ? "bad" : "");
  }
}
