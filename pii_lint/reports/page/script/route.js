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

const toColumn = (column, more) =>
  el("a", { href: link("column", addressOf(column)), class: `name ${more || ""}` }, column.name);
const toNode = (node, more) =>
  el("a", { href: link("relation", called(node)), class: `name ${more || ""}` }, node.name);
const toBoth = (column) =>
  el(
    "a",
    { href: link("column", addressOf(column)), class: "name" },
    el("span", { class: "dim" }, `${column.node.name}.`),
    column.name,
  );
const toProof = (node, said) => el("a", { href: link("proof", called(node)), class: "name" }, said || node.name);
