// A plot over the time that the page has been open, ten minutes at most. Time is that of the page.

const SHORTEST = 60;
const LONGEST = 600;

// 1, 2 or 5 times a power of ten, not below `highest`.
function niceLimit(highest) {
  if (!(highest > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 5, 10].map((step) => step * power).find((limit) => limit >= highest * 0.999);
}

class Plot {
  // series: [{name, kind}], kind is the class that has the colour
  constructor(series, format) {
    this.format = format;
    this.samples = [];
    this.looked = null;
    this.lines = series.map(({kind}) => drawn("path", {class: `line ${kind}`}));
    this.area = drawn("path", {class: `area ${series[0].kind}`});
    this.cursor = drawn("path", {class: "cursor"});
    this.values = series.map(() => element("b"));
    this.when = element("span");
    this.top = element("span", "top");
    const caption = element("figcaption", "", ...series.map(({name, kind}, i) =>
      element("span", `key ${kind}`, `${name} `, this.values[i])), this.when, this.top);
    this.start = element("span");
    const picture = drawn("svg", {viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true"});
    picture.append(drawn("path", {class: "grid", d: "M0 2H100M0 51H100"}), this.area, ...this.lines, this.cursor);
    this.root = element("figure", "", caption, picture,
      element("div", "scale", this.start, element("span", "", "now")));
    picture.addEventListener("pointermove", (event) => {
      const box = picture.getBoundingClientRect();
      this.looked = (event.clientX - box.left) / box.width;
      this.draw();
    });
    picture.addEventListener("pointerleave", () => {
      this.looked = null;
      this.draw();
    });
  }

  add(time, values) {
    this.samples.push({time, values});
    while (this.samples[0].time < time - LONGEST) this.samples.shift();
    this.draw();
  }

  draw() {
    if (this.samples.length === 0) return;
    const end = this.samples.at(-1).time;
    const length = Math.max(SHORTEST, end - this.samples[0].time);
    const x = (time) => 100 - (100 * (end - time)) / length;
    const limit = niceLimit(Math.max(...this.samples.flatMap(({values}) => values)));
    const y = (value) => 100 - (98 * value) / limit;
    const course = (i) =>
      this.samples.map(({time, values}) => `${x(time).toFixed(2)} ${y(values[i]).toFixed(2)}`).join("L");
    this.lines.forEach((line, i) => line.setAttribute("d", `M${course(i)}`));
    this.area.setAttribute("d", `M${x(this.samples[0].time).toFixed(2)} 100L${course(0)}L100 100Z`);
    this.point(x, length);
    say(this.top, `up to ${this.format(limit)}`);
    say(this.start, `${span(length)} ago`);
  }

  // The figures under the pointer, or the latest.
  point(x, length) {
    const off = ({time}) => Math.abs(x(time) - 100 * this.looked);
    const shown = this.looked === null ? this.samples.at(-1)
      : this.samples.reduce((best, sample) => (off(sample) < off(best) ? sample : best));
    shown.values.forEach((value, i) => say(this.values[i], this.format(value)));
    const ago = ((100 - x(shown.time)) * length) / 100;
    say(this.when, this.looked === null ? "" : `${span(ago)} ago`);
    this.cursor.setAttribute("d", this.looked === null ? "" : `M${x(shown.time)} 0V100`);
  }
}
