// Elements are made of text, never of markup: a name can't become anything else.
function el(tag, given, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...inside.flat(9).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

const many = (count, word, words) => `${number(count)} ${count === 1 ? word : words || `${word}s`}`;
const number = (count) => count.toLocaleString("en");
const hidden = (said) => el("span", { class: "unseen" }, said);
const code = (said, more) => el("code", { class: more }, said);

function listed(words, most = 3) {
  const shown = words.slice(0, most).join(", ");
  return words.length > most ? `${shown} and ${number(words.length - most)} more` : shown;
}

// A table that scrolls by itself, with keyboard too, where it is wider than the page.
function table(caption, headings, rows, more) {
  return el(
    "div",
    { class: `scroller ${more || ""}`, tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      null,
      el("caption", { class: "unseen" }, caption),
      el("thead", null, el("tr", null, headings.map((one) => el("th", { scope: "col" }, one)))),
      el("tbody", null, rows),
    ),
  );
}

function section(title, ...inside) {
  return el("section", null, el("h2", null, title), ...inside);
}

function say(sentence) {
  document.getElementById("said").textContent = sentence;
}

const group = (things, by) => {
  const found = new Map();
  for (const thing of things) {
    const key = by(thing);
    if (found.has(key)) found.get(key).push(thing);
    else found.set(key, [thing]);
  }
  return found;
};
const unique = (things) => [...new Set(things)];
const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
