// Elements of the page. Text is always set as text: names and errors come from elsewhere.

const byId = (id) => document.getElementById(id);

function element(name, kind = "", ...content) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...content);
  return made;
}

function drawn(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

// A list of names with a figure each; the order is that of the first mention.
class Figures {
  constructor(kind) {
    this.root = element("dl", kind);
    this.rows = new Map();
  }

  set(name, text, mood = "", meaning = "") {
    let row = this.rows.get(name);
    if (!row) {
      row = {name: element("dt", "", name), figure: element("dd")};
      const pair = element("div", "", row.name, row.figure);
      this.rows.set(name, row);
      if (this.root.className.includes("lines")) this.root.append(row.name, row.figure);
      else this.root.append(pair);
      if (meaning) pair.title = meaning;
    }
    say(row.figure, text);
    row.figure.className = mood;
  }
}

class Pill {
  constructor() { this.root = element("span", "pill"); }
  set(text, mood) {
    say(this.root, text);
    this.root.className = `pill ${mood}`;
  }
}

// How much of something is used up.
class Bar {
  constructor() {
    this.fill = element("i");
    this.note = element("p", "note");
    this.bar = element("div", "bar", this.fill);
    this.root = element("div", "", this.bar, this.note);
  }
  set(used, most, text) {
    const part = most > 0 ? Math.min(1, used / most) : 0;
    this.fill.style.width = `${(100 * part).toFixed(1)}%`;
    this.bar.className = part > 0.9 ? "bar bad" : part > 0.7 ? "bar warn" : "bar";
    say(this.note, text);
  }
}

// One card for each name: made when it comes, removed when it goes, otherwise kept.
class Cards {
  constructor(root, make) {
    this.root = root;
    this.make = make;
    this.cards = new Map();
  }
  update(items, ...more) {
    for (const [name, card] of this.cards) {
      if (!(name in items)) {
        card.root.remove();
        this.cards.delete(name);
      }
    }
    for (const [name, item] of Object.entries(items)) {
      if (!this.cards.has(name)) {
        const card = this.make(name);
        this.cards.set(name, card);
        this.root.append(card.root);
      }
      this.cards.get(name).update(item, ...more);
    }
  }
}
