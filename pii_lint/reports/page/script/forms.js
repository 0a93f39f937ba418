// Forms by shape, word and colour, so that none of the three is needed to tell them apart.
const SHAPES = {
  clear: "●",
  partial: "◐",
  weak: "▲",
  pseudonym: "◆",
  statistic: "Σ",
  signal: "≈",
  unknown: "?",
};
const MEANINGS = {
  clear: "The value itself, or something it can be read back from.",
  partial: "A readable part of the value.",
  weak: "A digest that anyone can recompute.",
  pseudonym: "A digest or cipher under a secret; still personal data in law.",
  statistic: "Many rows folded into one number.",
  signal: "It only decided which rows, which branch or how many.",
  unknown: "Sight was lost on the way.",
};
const VALUES = ["clear", "partial", "weak", "pseudonym"];
// Worst first; lost sight may hide anything, so it stands beside what can be read.
const WORST = ["clear", "partial", "weak", "unknown", "pseudonym", "statistic", "signal"];
const ZONES = ["raw", "staging", "intermediate", "", "restricted", "safe", "export"];
const zoneName = (zone) => zone || "no zone";

const worse = (one, other) => WORST.indexOf(one) - WORST.indexOf(other);
const worstForm = (some) => some.map((one) => one.form).sort(worse)[0];
const worstOf = new Map(columns.map((column) => [column, worstForm(column.stands)]));
const formOf = (column) => worstOf.get(column);
const isValue = (stand) => VALUES.includes(stand.form);

function form(name, count) {
  if (!name) return el("span", { class: "form clean" }, el("i", { "aria-hidden": "true" }, "·"), " clean");
  const counted = count === undefined ? name : `${number(count)} ${name}`;
  return el(
    "span",
    { class: `form ${name}`, title: MEANINGS[name] },
    el("i", { "aria-hidden": "true" }, SHAPES[name]),
    ` ${counted}`,
  );
}

// The shape alone, where a word has no room; who can't see it hears the word.
function mark(name, count) {
  if (!name) return null;
  return el(
    "span",
    { class: `form ${name}`, title: `${name}: ${MEANINGS[name]}` },
    el("i", { "aria-hidden": "true" }, SHAPES[name]),
    count === undefined ? hidden(name) : el("span", null, ` ${number(count)}`, hidden(` ${name}`)),
  );
}

// Columns of some nodes by the worst form that stands on them.
function tally(some) {
  const found = { clean: 0 };
  for (const node of some) {
    for (const [worst, count] of Object.entries(tallies[node.id])) found[worst] = (found[worst] || 0) + count;
  }
  return found;
}

const tallies = nodes.map((node) => {
  const found = { clean: 0 };
  for (const column of node.columns) {
    const worst = formOf(column) || "clean";
    found[worst] = (found[worst] || 0) + 1;
  }
  return found;
});

const marks = (found) => WORST.filter((one) => found[one]).map((one) => mark(one, found[one]));

function legend() {
  return el(
    "ul",
    { class: "legend", "aria-label": "Forms" },
    WORST.map((one) => el("li", null, wire(one), form(one))),
  );
}

function wire(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("class", "sample");
  drawing.setAttribute("viewBox", "0 0 28 8");
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(line("M0 4H28", name));
  return drawing;
}

function line(way, name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "path");
  made.setAttribute("d", way);
  made.setAttribute("class", `wire ${name || "plain"}`);
  return made;
}
