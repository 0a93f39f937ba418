const dimmed = new Set([...blind, ...halfSeen].map((one) => one.node));

// One mart on one screen: all that flows in, in which form, which masks hold, what was not seen.
function standing(node) {
  const some = node.sort === "exposure" ? node.reads.flatMap((id) => nodes[id].columns) : node.columns;
  const all = some.flatMap((column) => column.stands);
  const forms = new Set(all.map((stand) => stand.form));
  const readable = ["clear", "partial", "weak"].filter((one) => forms.has(one));
  if (readable.length) return { sort: "holds", said: `It holds personal data that can be read: ${readable.join(", ")}.`, short: "holds readable data" };
  if (forms.has("unknown")) return { sort: "unsure", said: "It can't be said: sight was lost on the way into it.", short: "can't be said" };
  if (forms.has("pseudonym")) return { sort: "holds", said: "It holds pseudonyms, which stay personal data in law; no value can be read without the secret.", short: "holds pseudonyms" };
  const seen = [...above(node)].some((one) => dimmed.has(one)) ? ", as far as was seen" : "";
  if (forms.size) return { sort: "free", said: "No value of a person stands in it; personal data only had an influence, or went into statistics over many people.", short: `free of personal values${seen}` };
  return { sort: "free", said: "No personal data flows into it, in any form.", short: `free of personal data${seen}` };
}

function proofs(chosen) {
  const results = el("div");
  const draw = () => {
    const some = [...marts, ...[...uses.values()].map((use) => use.node)].filter((node) => nodePasses(node, chosen) && (!chosen.form || node.columns.some((column) => columnPasses(column, chosen))));
    const order = ["holds", "unsure", "free"];
    const found = some.map((node) => [node, standing(node)]).sort(([a, one], [b, other]) => order.indexOf(one.sort) - order.indexOf(other.sort) || compare(a.name, b.name));
    const most = 200;
    results.replaceChildren(
      el("p", { class: "small" }, `${many(some.length, "mart or use", "marts and uses")}, ${number(found.filter(([, one]) => one.sort === "free").length)} of them free of personal values.`),
      table("Proofs", ["Relation", "Zone", "Owner", "Holds", "Verdict"], found.slice(0, most).map(([node, one]) =>
        el("tr", null, el("th", { scope: "row" }, toProof(node)), el("td", null, zoneName(node.zone)), el("td", null, node.owner || el("span", { class: "dim" }, "nobody")), el("td", null, el("span", { class: "marks" }, marks(tally([node])))), el("td", null, el("span", { class: `verdict-word ${one.sort}` }, one.short))),
      )),
      found.length > most ? el("p", { class: "small" }, `and ${number(found.length - most)} more: narrow the choice to see them`) : "",
    );
  };
  draw();
  return [
    el("h1", null, "Proofs"),
    el("p", { class: "lead" }, "Choose a mart to see everything that flows into it, in which form, which masks were verified and how, and what was not seen."),
    filters(chosen, ["model", "zone", "form", "owner"], () => {
      replaceAddress(link("proof", undefined, chosen));
      draw();
    }),
    results,
  ];
}

function proof(node) {
  const said = standing(node);
  const origin = above(node);
  const mine = node.sort === "exposure" ? node.reads.flatMap((id) => nodes[id].columns) : node.columns;
  const way = new Set();
  for (const column of mine) {
    way.add(column);
    for (const one of reachBack(column)) way.add(one);
  }
  const blindHere = blind.filter((one) => origin.has(one.node));
  const halves = halfSeen.filter((one) => origin.has(one.node));
  const unreviewed = [...way].filter((column) => column.standing === "unreviewed");
  const use = uses.get(node.id);
  const takers = node.readers.map((id) => nodes[id]).filter((one) => one.sort === "exposure");
  return [
    el(
      "div",
      { class: `verdict ${said.sort === "free" ? "passes" : "fails"}` },
      el("p", { class: "kicker" }, `Is ${brief(node.name)} free of personal data?`),
      el("h1", null, { free: "Yes", holds: "No", unsure: "It can't be said" }[said.sort]),
      el("p", { class: "lead" }, said.said),
      reservations(said, blindHere, halves, unreviewed),
      el("p", { class: "small" }, `${zoneName(node.zone)} ${node.sort}, owner: ${node.owner || "nobody"}, ${node.file}. `, el("a", { href: link("relation", called(node)) }, "Show its lineage")),
      use ? el("p", null, signed(use.state), ` ${use.sentence}`) : null,
      takers.length ? el("p", { class: "small" }, "Taken by ", joined(takers.map((one) => toProof(one)))) : null,
    ),
    el(
      "div",
      { class: "halves" },
      el(
        "div",
        null,
        node.sort === "exposure" ? null : section(`What its ${many(node.columns.filter((one) => one.name !== "(rows)").length, "column")} hold`, columnsTable(node)),
      ),
      el(
        "div",
        null,
        section("What could have come, and where it stopped", stopped(node, origin)),
        section("Masks on the way", masksTable(way)),
        section(
          "What was not seen",
          notSeen(blindHere, halves),
          unreviewed.length
            ? el("p", { class: "small" }, el("span", { class: "state unreviewed" }, "never reviewed"), ` ${many(unreviewed.length, "source column")} on the way that nobody tagged or declared clean: `, joined(unreviewed.map((one) => toBoth(one))))
            : el("p", { class: "small" }, "Every source column on the way was tagged or declared clean by somebody."),
          el("p", { class: "small dim" }, `It is proven of the compiled SQL, with labels born at tags.${met ? "" : " No scan of the data was given."}`),
          scannedHere(node, origin),
        ),
      ),
    ),
    declaredFor(node),
  ];
}

// A scan sees values, whatever the SQL says.
function scannedHere(node, origin) {
  const here = (met || []).filter((one) => one.standing !== "expected" && (one.node === node || origin.has(one.node)));
  return here.length ? el("ul", { class: "plain small" }, here.map(sighted)) : met ? el("p", { class: "small dim" }, "A scan of the data met no personal value here that nobody knew of.") : null;
}

function reservations(said, places, halves, unreviewed) {
  const some = [
    places.length && `${many(places.length, "place")} without sight`,
    halves.length && `${many(halves.length, "model")} seen in one branch only`,
    unreviewed.length && `${many(unreviewed.length, "source column")} that nobody reviewed`,
  ].filter(Boolean);
  if (said.sort !== "free" || !some.length) return null;
  return el("p", null, el("span", { class: "state unsure" }, "as far as was seen"), ` ${some.join(", ")} on the way; see what was not seen.`);
}

function reachBack(column) {
  return walk(column, (at) => at.made.filter((edge) => edge.from), (edge) => edge.from).columns;
}

function columnsTable(node) {
  const rows = node.columns.map((column) =>
    el(
      "tr",
      null,
      el("th", { scope: "row" }, toColumn(column)),
      el("td", null, column.stands.length ? standsOf(column) : form()),
      el("td", null, madeOf(column), comesFrom(column)),
    ),
  );
  return table("Columns", ["Column", "Holds", "Made of"], rows);
}

const STANDS = { tagged: "tagged", clean: "declared clean", unreviewed: "never reviewed" };

function madeOf(column) {
  if (!column.made.length) return el("span", { class: "dim" }, "no column's value");
  const most = 4;
  const plain = (edge) => !edge.expression || edge.expression.toLowerCase() === edge.from?.name.toLowerCase();
  return [
    column.made.slice(0, most).map((edge) =>
      el("p", { class: "small" }, edge.from ? toBoth(edge.from) : code(edge.loose), " ", plain(edge) ? el("span", { class: "dim" }, edge.op) : code(edge.expression)),
    ),
    column.made.length > most ? el("p", { class: "small dim" }, `and ${number(column.made.length - most)} more`) : null,
  ];
}

function comesFrom(column) {
  const some = [...reachBack(column)].filter((one) => one !== column && one.standing);
  if (!some.length) return null;
  return el("p", { class: "small dim" }, "from ", joined(some.map((one) => [toBoth(one), ` ${STANDS[one.standing]}`]), 3));
}

// The personal columns of all sources below, each with the last relation that still holds it.
function stopped(node, origin) {
  const born = [...origin].filter((one) => one !== node).flatMap((one) => one.columns).filter((column) => column.stands.some((stand) => stand.before < 0 && stand.form !== "unknown" && stand.form !== "signal"));
  if (!born.length) return el("p", null, "No personal column stands in any relation that it is built from.");
  const rows = born.map((column) => {
    const ends = [...forth(column).columns].filter((one) => origin.has(one.node) || one.node === node);
    const here = ends.filter((one) => one.node === node);
    const arrives = toldOnce(here.flatMap((one) => one.stands.filter((stand) => originsOf(column).has(stand.origin))));
    const last = arrives.length ? [] : furthest(ends.filter((one) => one.node !== node), node);
    const forms = unique(arrives.map((stand) => stand.form)).sort(worse);
    return [
      arrives.length ? WORST.indexOf(forms[0]) : 9,
      el(
        "tr",
        null,
        el("th", { scope: "row" }, toBoth(column), el("span", { class: "block small dim" }, unique(column.stands.map((stand) => stand.kind)).join(", "))),
        el("td", null, arrives.length ? el("span", { class: "marks" }, forms.map((one) => form(one))) : el("span", { class: "state holds" }, "does not arrive")),
        el("td", null, arrives.length ? joined(here.map((one) => toColumn(one))) : last.every((one) => one === column) ? el("span", { class: "dim" }, "nothing on the way takes it") : [el("span", { class: "dim" }, "last seen in "), joined(last.map((one) => el("span", null, toBoth(one), " ", form(formOf(one)))), 3)]),
      ),
    ];
  });
  rows.sort(([one], [other]) => one - other);
  return table("What could have come", ["Source column", "Arrives", "Where"], rows.map(([, row]) => row));
}

function furthest(some) {
  const far = Math.max(...some.map((one) => one.node.band * 100 + one.node.rank));
  return some.filter((one) => one.node.band * 100 + one.node.rank === far);
}

const VERDICTS = {
  keyed: ["keyed", "verified: a secret enters it whole, so nobody recomputes it without that"],
  unkeyed: ["unkeyed", "no mask: no secret enters it, so anyone can recompute it"],
  literal: ["literal", "no mask: its only key is a literal in the SQL"],
};

function masksTable(way) {
  const some = masks.filter((mask) => [...way].some((column) => column.node === mask.node && column.name.toLowerCase() === mask.column.toLowerCase()));
  if (!some.length) return el("p", null, "No column that flows in was masked.");
  return table(
    "Masks",
    ["Where", "Expression", "Takes", "Verdict"],
    some.map((mask) =>
      el(
        "tr",
        null,
        el("th", { scope: "row" }, mask.node ? toNode(mask.node) : "", `.${mask.column}`, el("span", { class: "block small dim" }, mask.place)),
        el("td", null, code(mask.expression || mask.called)),
        el("td", null, listed(mask.inputs.map(shortOrigin))),
        el("td", null, el("span", { class: `state ${mask.verdict === "keyed" ? "holds" : "expired"}` }, VERDICTS[mask.verdict][0]), el("span", { class: "block small" }, VERDICTS[mask.verdict][1], mask.secrets.length ? ` (${listed(mask.secrets.map(shortOrigin))})` : "")),
      ),
    ),
  );
}

const shortOrigin = (origin) => origin.split(".").slice(2).join(".") || origin;

function declaredFor(node) {
  const own = leaves.filter((leave) => leave.node === node);
  const heard = findings.filter((finding) => finding.node === node);
  if (!own.length && !heard.length) return null;
  return section(
    "What people and rules say of it",
    el(
      "ul",
      { class: "rows" },
      heard.sort(bySeverity).map((finding) => findingRow(finding)),
      own.map((leave) => el("li", null, el("span", { class: `state ${leave.state}` }, STATES[leave.state]), el("div", null, el("p", null, `${leave.sort} ${leave.column}: ${leave.what}`), el("p", { class: "small" }, prose(leave.reason), leave.until ? ` until ${leave.until}` : "", leave.by ? `, by ${leave.by}` : "")))),
    ),
  );
}
