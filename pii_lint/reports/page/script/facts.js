// The facts, unpacked: nodes, their columns, what stands on each column and what it is made of.
const told = JSON.parse(document.getElementById("facts").textContent);
const text = (number) => told.texts[number];
const columns = [];
const stands = [];
const nodes = told.nodes.map((packed, id) => {
  const [uid, name, sort, zone, owner, file, folder] = packed.slice(0, 7).map(text);
  const [band, rank, order, complete, reads, recipients, names] = packed.slice(7);
  const node = { id, uid, name, sort, zone, owner, file, folder, band, rank, order, reads };
  node.complete = complete === 1;
  node.recipients = recipients.map(text);
  node.readers = [];
  node.columns = names.map((number) => {
    const column = { id: columns.length, node, name: text(number), stands: [], made: [], makes: [] };
    column.standing = ["", "tagged", "clean", "unreviewed"][told.standing[column.id]];
    columns.push(column);
    return column;
  });
  return node;
});
for (const node of nodes) for (const read of node.reads) nodes[read].readers.push(node.id);

for (const packed of told.stands) {
  const [column, origin, born, kind, classification, form, clause, before, ...way] = packed;
  const [op, expression, place] = way.map(text);
  const stand = {
    id: stands.length,
    column: columns[column],
    origin: text(origin),
    born: columns[born],
    kind: text(kind),
    classification: text(classification),
    form: told.forms[form],
    clause: text(clause),
    before,
    op,
    expression,
    place,
  };
  stands.push(stand);
  stand.column.stands.push(stand);
}

told.made.forEach((edges, id) => {
  for (const packed of edges) {
    const [from, op, expression, place, node, name] = Array.isArray(packed) ? packed : [packed];
    const to = columns[id];
    const edge = {
      from: columns[from],
      to,
      op: op === undefined ? "copy" : text(op),
      expression: expression === undefined ? to.name : text(expression),
      place: place === undefined ? "" : text(place),
      loose: node === undefined || node < 0 ? "" : `${nodes[node].name}.${text(name)}`,
    };
    to.made.push(edge);
    if (edge.from) edge.from.makes.push(edge);
  }
});

const uses = new Map(
  told.uses.map(([node, type, recipient, state, sentence]) => [
    node,
    { node: nodes[node], type, recipient, state, sentence },
  ]),
);
const masks = told.masks.map(
  ([node, column, name, verdict, inputs, secrets, place, expression]) => ({
    node: nodes[node],
    column: text(column),
    called: text(name),
    verdict,
    inputs: inputs.map(text),
    secrets: secrets.map(text),
    place: text(place),
    expression: text(expression),
  }),
);
const leaves = told.leaves.map(
  ([sort, state, node, uid, column, what, reason, by, until, place]) => ({
    sort,
    state,
    node: nodes[node],
    uid,
    column,
    what,
    reason,
    by,
    until,
    place,
  }),
);
const findings = told.findings.map(
  ([code, severity, node, column, name, message, place, fix, why, flows]) => ({
    code,
    severity,
    node: nodes[node],
    column: columns[column],
    name,
    message: text(message),
    place,
    fix: text(fix),
    why: why && { reason: text(why[0]), by: why[1], until: why[2], source: why[3] },
    flows: flows.map(([origin, kind, form]) => ({
      origin: text(origin),
      kind: text(kind),
      form: told.forms[form],
    })),
  }),
);
const counting = findings.filter((finding) => !finding.why);
// What a scan of the data met; null where there was none.
const met =
  told.scan &&
  told.scan.map(([node, column, pattern, rows, looked, standing]) => ({
    node: nodes[node],
    column: text(column),
    pattern: text(pattern),
    rows,
    looked,
    standing,
  }));
const blind = told.blind.map(([node, reason, place]) => ({
  node: nodes[node],
  reason: text(reason),
  place: text(place),
}));
const halfSeen = told.branches
  .filter(([, , missing]) => missing.length)
  .map(([node, , missing]) => ({ node: nodes[node], missing: missing.map(text) }));
