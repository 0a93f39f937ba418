// Every column with what stands on it; its export is the record of processing, as the command writes it.
const HEADINGS = ["relation", "column", "zone", "owner", "kind", "classification", "form", "clause", "origins", "recipients", "file", "line"];
const PAGE = 200;

function inventoryRows(chosen) {
  const rows = [];
  for (const node of nodes) {
    if (node.sort === "exposure" || !nodePasses(node, chosen)) continue;
    for (const column of node.columns) {
      if (chosen.form === "clean") {
        if (!column.stands.length && !chosen.kind) rows.push({ column, stands: [] });
        continue;
      }
      const alike = group(column.stands.filter((stand) => standPasses(stand, chosen)), (one) => `${one.kind}\n${one.form}\n${bare(one.clause)}`);
      for (const some of alike.values()) rows.push({ column, stands: some });
    }
  }
  return rows;
}

const bare = (clause) => clause.replace(/(^|, )equated$/, "");

function inventory(chosen) {
  let shown = PAGE;
  let rows = [];
  const results = el("div");
  const count = el("p", { class: "small", role: "status" });

  function draw() {
    rows = inventoryRows(chosen);
    count.textContent = `${many(rows.length, "row")} in ${many(unique(rows.map((row) => row.column.node)).length, "relation")}`;
    results.replaceChildren(
      table("Inventory", ["Relation", "Column", "Form", "Kind", "Class", "Zone", "Owner", "From"], rows.slice(0, shown).map(inventoryRow), "wide"),
      rows.length > shown
        ? el("p", null, el("button", { type: "button", on: { click: more } }, `Show ${number(Math.min(PAGE, rows.length - shown))} more of ${number(rows.length)}`))
        : "",
    );
  }

  function more() {
    shown += PAGE;
    draw();
  }

  draw();
  return [
    el("h1", null, "Inventory"),
    el(
      "div",
      { class: "bar" },
      filters(chosen, ["model", "zone", "kind", "form", "owner"], () => {
        shown = PAGE;
        replaceAddress(link("inventory", undefined, chosen));
        draw();
      }),
      el("button", { type: "button", class: "download", on: { click: () => download(rows) } }, "Export CSV"),
    ),
    count,
    results,
  ];
}

function inventoryRow({ column, stands: some }) {
  const [one] = some;
  return el(
    "tr",
    null,
    el("td", null, toNode(column.node)),
    el("th", { scope: "row" }, toColumn(column)),
    el("td", null, one ? [form(one.form), one.clause ? el("span", { class: "dim small" }, ` ${one.clause}`) : ""] : form()),
    el("td", null, one ? one.kind : ""),
    el("td", null, one ? one.classification : ""),
    el("td", null, zoneName(column.node.zone)),
    el("td", null, column.node.owner),
    el("td", { class: "small" }, listed(unique(some.map((stand) => stand.origin)).sort(compare).map(shortOrigin), 2)),
  );
}

function csv(rows) {
  const lines = rows.map(({ column, stands: some }) => {
    const [one] = some;
    const [file, line] = one ? placeOf(one.place) : ["", ""];
    return [
      column.node.uid,
      column.name,
      column.node.zone,
      column.node.owner,
      one ? one.kind : "",
      one ? one.classification : "",
      one ? one.form : "clean",
      one ? bare(one.clause) : "",
      unique(some.map((stand) => stand.origin)).sort(compare).join("; "),
      column.node.recipients.join("; "),
      file,
      line,
    ];
  });
  return [HEADINGS, ...lines].map((line) => `${line.map(cell).join(",")}\n`).join("");
}

function placeOf(place) {
  const at = place.lastIndexOf(":");
  return at < 0 ? [place, ""] : [place.slice(0, at), place.slice(at + 1)];
}

// No cell is a formula, wide signs included; quoted as Python's csv quotes.
function cell(value) {
  const safe = /^\s*[=+\-@＝＋－＠]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function download(rows) {
  const address = URL.createObjectURL(new Blob([csv(rows)], { type: "text/csv" }));
  const made = el("a", { href: address, download: "record-of-processing.csv" });
  made.click();
  URL.revokeObjectURL(address);
  say(`${many(rows.length, "row")} exported`);
}
