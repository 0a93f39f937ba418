// What stands beside the graph: one relation, or one column with its ways.
const STANDINGS = {
  tagged: "tagged as personal",
  clean: "declared clean",
  unreviewed: "never reviewed: neither tagged nor declared clean",
};
const MOST_WAYS = 12;

function facts(...pairs) {
  return el(
    "dl",
    { class: "facts" },
    pairs.filter(([, value]) => value && value.length !== 0).map(([name, value]) => [el("dt", null, name), el("dd", null, value)]),
  );
}

function relationDetail(node) {
  const use = uses.get(node.id);
  const own = counting.filter((finding) => finding.node === node);
  return [
    el("p", { class: "kicker" }, `${zoneName(node.zone)} ${node.sort}`),
    el("h2", { tabindex: "-1" }, node.name),
    facts(
      ["File", code(node.file)],
      ["Owner", node.owner || "nobody"],
      ["Reads", joined(node.reads.map((id) => toNode(nodes[id])))],
      ["Read by", joined(node.readers.map((id) => toNode(nodes[id])))],
      ["Sign-off", use ? [signed(use.state), ` ${use.sentence}`] : null],
    ),
    marts.includes(node) || use ? el("p", null, toProof(node, "What is proven of it")) : null,
    ownFindings(own),
    node.columns.length
      ? [
          el("h3", null, many(node.columns.length, "column")),
          el(
            "ul",
            { class: "columns" },
            [...node.columns]
              .sort((one, other) => Number(!one.stands.length) - Number(!other.stands.length) || one.id - other.id)
              .map((column) => el("li", null, toColumn(column), el("span", { class: "marks" }, unique(column.stands.map((stand) => stand.form)).sort(worse).map((one) => form(one)), column.stands.length ? null : form()))),
          ),
        ]
      : null,
    node.complete ? null : el("p", { class: "small" }, "More columns may stand there than are listed."),
  ];
}

const joined = (links, most = 6) => {
  const shown = links.slice(0, most).flatMap((one, at) => (at ? [", ", one] : [one]));
  if (links.length <= most) return shown;
  const rest = links.slice(most).flatMap((one, at) => (at ? [", ", one] : [one]));
  return [...shown, el("details", null, el("summary", null, `and ${number(links.length - most)} more`), rest)];
};

function ownFindings(own) {
  if (!own.length) return null;
  return el(
    "ul",
    { class: "rows" },
    [...own].sort(bySeverity).slice(0, 6).map((finding) =>
      el("li", null, severity(finding.severity), el("div", null, el("p", { class: "small" }, code(finding.code), " ", prose(finding.message)))),
    ),
  );
}

function columnDetail(column) {
  const own = counting.filter((finding) => finding.column === column);
  const reach = forth(column);
  const ahead = [...reach.columns].filter((one) => one !== column);
  return [
    el("p", { class: "kicker" }, "column of ", toNode(column.node)),
    el("h2", { tabindex: "-1" }, column.name),
    standsOf(column),
    ownFindings(own),
    column.stands.length ? ways(column) : provenance(column),
    el("h3", null, ahead.length ? `Goes on to ${many(unique(ahead.map((one) => one.node)).length, "relation")}` : "No other column takes it on"),
    reached(column, ahead),
  ];
}

function standsOf(column) {
  if (!column.stands.length) {
    const said = column.standing ? `It is ${STANDINGS[column.standing]}.` : "No personal data arrives in it.";
    return el("p", { class: "lead" }, form(), " ", said);
  }
  return el(
    "ul",
    { class: "stands" },
    toldOnce(column.stands).slice(0, MOST_WAYS).map((stand) =>
      el("li", null, form(stand.form), " ", el("strong", null, stand.kind), stand.clause ? ` (${stand.clause})` : "", stand.classification ? el("span", { class: "dim" }, ` ${stand.classification}`) : null),
    ),
  );
}

function ways(column) {
  const told = toldOnce(column.stands);
  return [
    el("h3", null, "The way back"),
    told.slice(0, MOST_WAYS).map((stand) => way(stand)),
    told.length > MOST_WAYS ? el("p", { class: "small" }, `and ${number(told.length - MOST_WAYS)} more labels, in the inventory`) : null,
  ];
}

// The hop list reads from the column to the source, as the question does.
function way(stand) {
  const hops = wayOf(stand).reverse();
  return el(
    "ol",
    { class: "way", "aria-label": `The way of ${stand.kind}, from ${stand.origin}` },
    hops.map((hop) =>
      el(
        "li",
        { class: hop.form },
        el("p", null, toBoth(hop.column), " ", form(hop.form)),
        hop.expression
          ? el("p", { class: "small" }, el("span", { class: "dim" }, `${hop.op} `), code(hop.expression))
          : el("p", { class: "small dim" }, hop.before < 0 && hop.form !== "unknown" ? `born here, as ${hop.kind}` : hop.op || "sight was lost here"),
        hop.place ? el("p", { class: "small dim" }, hop.place) : null,
      ),
    ),
  );
}

function provenance(column) {
  if (!column.made.length) {
    return el("p", { class: "small" }, column.standing ? null : "No column's value flows into it: it is made of literals, of functions that read none, or of how many rows there are.");
  }
  return [el("h3", null, "What flows in"), sourcesTable([column])];
}

function sourcesTable(some) {
  const rows = [];
  const seen = new Set();
  const down = (column, depth) => {
    for (const edge of column.made) {
      if (seen.has(edge)) continue;
      seen.add(edge);
      rows.push([edge, depth]);
      if (edge.from && depth < 12 && rows.length < 60) down(edge.from, depth + 1);
    }
  };
  for (const column of some) down(column, 0);
  return el(
    "ol",
    { class: "tree" },
    rows.slice(0, 60).map(([edge, depth]) => {
      const made = el(
        "li",
        null,
        el("p", null, edge.from ? toBoth(edge.from) : code(edge.loose), " ", edge.from && edge.from.stands.length ? form(formOf(edge.from)) : null),
        el("p", { class: "small dim" }, `${edge.op} `, edge.expression ? code(edge.expression) : "", edge.from?.standing ? ` · ${STANDINGS[edge.from.standing]}` : ""),
      );
      made.style.marginInlineStart = `${depth}rem`;
      return made;
    }),
  );
}

function reached(column, ahead) {
  if (!ahead.length) return null;
  const by = [...group(ahead, (one) => one.node)].sort(([one], [other]) => other.band - one.band || compare(one.name, other.name));
  const out = unique(by.flatMap(([node]) => node.readers.map((id) => nodes[id]).filter((one) => one.sort === "exposure")));
  const most = 30;
  const line = ([node, some]) =>
    el(
      "li",
      null,
      el("span", null, toNode(node), el("span", { class: "dim small" }, ` ${listed(some.map((one) => brief(one.name)))}`)),
      el("span", { class: "marks" }, unique(some.flatMap((one) => one.stands.filter((stand) => originsOf(column).has(stand.origin)).map((stand) => stand.form))).sort(worse).map((one) => form(one))),
    );
  return [
    out.length ? el("p", null, "Leaves by ", joined(out.map((node) => toProof(node)))) : null,
    el("ul", { class: "columns" }, by.slice(0, most).map(line)),
    by.length > most
      ? el("details", null, el("summary", { class: "small" }, `and ${many(by.length - most, "relation")} more`), el("ul", { class: "columns" }, by.slice(most).map(line)))
      : null,
  ];
}
