// Where the reader is stands in the address: `#column=stg_users.email_hash`, `#inventory&form=clear`.
const VIEWS = ["overview", "lineage", "inventory", "findings", "proof"];
const FILTERS = ["kind", "form", "zone", "owner", "model"];
const names = group(nodes, (node) => node.name.toLowerCase());
const byUid = new Map(nodes.map((node) => [node.uid.toLowerCase(), node]));

const called = (node) => (names.get(node.name.toLowerCase()).length > 1 ? node.uid : node.name);
const addressOf = (column) => `${called(column.node)}.${column.name}`;
const link = (view, value, more) => {
  const parts = [value === undefined ? view : `${view}=${encodeURIComponent(value)}`];
  for (const [name, chosen] of Object.entries(more || {})) {
    if (chosen) parts.push(`${name}=${encodeURIComponent(chosen)}`);
  }
  return `#${parts.join("&")}`;
};

function nodeCalled(name) {
  const wanted = name.toLowerCase();
  return byUid.get(wanted) || (names.get(wanted) || [])[0];
}

function columnCalled(name) {
  for (let at = name.lastIndexOf("."); at > 0; at = name.lastIndexOf(".", at - 1)) {
    const node = nodeCalled(name.slice(0, at));
    const wanted = name.slice(at + 1).toLowerCase();
    const found = node && node.columns.find((column) => column.name.toLowerCase() === wanted);
    if (found) return found;
  }
  return undefined;
}

function decoded(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

function read(hash) {
  const [first, ...rest] = hash.replace(/^#/, "").split("&");
  const [view, value] = split(first);
  const chosen = {};
  for (const part of rest) {
    const [name, word] = split(part);
    if (FILTERS.includes(name) && word) chosen[name] = word;
  }
  return { view: view || "overview", value, chosen };
}

function split(part) {
  const at = part.indexOf("=");
  return at < 0 ? [part, undefined] : [part.slice(0, at), decoded(part.slice(at + 1))];
}

// A name may be longer than any page; whoever points at it sees the whole of it.
const LONGEST = 120;
const brief = (name) => (name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name);
const pointing = (href, name, ...inside) =>
  el("a", { href, class: "name", title: name.length > LONGEST ? name : null }, ...inside);

const toColumn = (column) => pointing(link("column", addressOf(column)), column.name, brief(column.name));
const toNode = (node) => pointing(link("relation", called(node)), node.name, brief(node.name));
const toProof = (node, said) => pointing(link("proof", called(node)), node.name, said || brief(node.name));
const toBoth = (column) =>
  pointing(
    link("column", addressOf(column)),
    `${column.node.name}.${column.name}`,
    el("span", { class: "dim" }, `${brief(column.node.name)}.`),
    brief(column.name),
  );
