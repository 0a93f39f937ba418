// The first screen: the verdict, and everything that it stands on.
const SEVERITIES = ["error", "warn", "note"];
// What flows comes before what is merely written wrongly.
const bySeverity = (one, other) =>
  SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
  Number(!one.code.startsWith("PII")) - Number(!other.code.startsWith("PII"));
const marts = nodes.filter(
  (node) => node.sort !== "exposure" && ["safe", "restricted", "export"].includes(node.zone),
);

function overview() {
  return [
    el("div", { class: "hero" }, verdict(), el("div", { class: "zones" }, zoneCards())),
    el(
      "div",
      { class: "halves" },
      el("div", null, findingsInBrief(), martsInBrief(), leaving()),
      el("div", null, coverage(), leavesTable(), scanned(), inputs()),
    ),
  ];
}

function verdict() {
  const counted = group(counting, (finding) => finding.severity);
  const said = SEVERITIES.filter((one) => counted.has(one)).map((one) =>
    many(counted.get(one).length, one === "warn" ? "warning" : one),
  );
  const passed = findings.length - counting.length;
  const open = marts.filter((node) => node.zone !== "restricted");
  return el(
    "div",
    { class: `verdict ${told.failed ? "fails" : "passes"}` },
    el("p", { class: "kicker" }, told.project),
    el("h1", null, told.failed ? "The gate fails" : "The gate passes"),
    el(
      "p",
      { class: "lead" },
      inOneSentence(open),
    ),
    el(
      "p",
      { class: "tallies" },
      el("a", { href: "#findings" }, said.length ? said.join(" · ") : "no findings"),
      passed ? ` · ${number(passed)} let pass` : "",
    ),
  );
}

function inOneSentence(open) {
  const holds = (forms) =>
    open.filter((node) => node.columns.some((column) => column.stands.some((stand) => forms.includes(stand.form)))).length;
  const [readable, lost, masked] = [holds(["clear", "partial", "weak"]), holds(["unknown"]), holds(["pseudonym"])];
  const whole = many(open.length, "relation");
  const first = readable
    ? `${number(readable)} of ${whole} that everybody may read ${readable === 1 ? "holds" : "hold"} readable personal data`
    : `None of the ${whole} that everybody may read holds readable personal data`;
  const rest = [
    lost && `${number(lost)} can't be judged`,
    masked && `${number(masked)} ${masked === 1 ? "holds" : "hold"} pseudonyms`,
  ].filter(Boolean);
  return `${[first, ...rest].join("; ")}.`;
}

function zoneCards() {
  const held = ZONES.map((zone) => [zone, nodes.filter((node) => node.zone === zone)]);
  return held.filter(([, some]) => some.length).map(([zone, some]) => zoneCard(zone, some));
}

function zoneCard(zone, some) {
  const found = tally(some);
  const columnsHere = Object.values(found).reduce((sum, count) => sum + count, 0);
  const relations = zone === "export" && some.every((node) => node.sort === "exposure");
  const shown = WORST.filter((one) => found[one]);
  return el(
    "article",
    { class: `zone ${zone || "none"}` },
    el("h2", null, el("a", { href: link("lineage", undefined, { zone: zoneName(zone) }) }, zoneName(zone))),
    el(
      "p",
      { class: "count" },
      el("strong", null, number(some.length)),
      relations ? (some.length === 1 ? " use" : " uses") : some.length === 1 ? " relation" : " relations",
    ),
    columnsHere ? share(found, columnsHere) : null,
    el(
      "ul",
      { class: "plain" },
      shown.map((one) =>
        el(
          "li",
          null,
          el("a", { href: link("inventory", undefined, { zone: zoneName(zone), form: one }) }, form(one, found[one])),
        ),
      ),
      columnsHere
        ? el("li", { class: "dim" }, `${number(found.clean)} clean columns`)
        : useStates(some).map(([state, count]) => el("li", null, signed(state), ` ${number(count)}`)),
    ),
  );
}

const useStates = (some) =>
  [...group(some.map((node) => uses.get(node.id)).filter(Boolean), (use) => use.state)].map(
    ([state, alike]) => [state, alike.length],
  );

// A bar of all columns; its words stand below, so it is drawn for the eye alone.
function share(found, whole) {
  const bar = el("div", { class: "share", "aria-hidden": "true" });
  for (const one of [...WORST, "clean"]) {
    if (!found[one]) continue;
    const part = el("span", { class: `part ${one}` });
    part.style.flexGrow = String(Math.max(found[one] / whole, 0.012));
    bar.append(part);
  }
  return bar;
}

function severity(name) {
  const shapes = { error: "✕", warn: "!", note: "i", passed: "–" };
  return el(
    "span",
    { class: `severity ${name}` },
    el("i", { "aria-hidden": "true" }, shapes[name]),
    ` ${name === "warn" ? "warning" : name === "passed" ? "let pass" : name}`,
  );
}

function findingsInBrief() {
  const telling = counting.filter((one) => one.severity !== "note").sort(bySeverity);
  const rest = counting.length - telling.length;
  const alike = [...group(telling, (one) => `${one.code} ${one.node ? one.node.id : one.name}`).values()];
  const rows = alike.slice(0, 6).map(([finding, ...more]) =>
    el(
      "li",
      null,
      severity(finding.severity),
      el(
        "div",
        null,
        el("p", null, aboutWhat(finding), " ", code(finding.code, "dim")),
        el("p", { class: "small" }, prose(finding.message), more.length ? el("span", { class: "dim" }, ` And ${number(more.length)} more like it.`) : null),
      ),
    ),
  );
  const left = alike.slice(6).reduce((sum, some) => sum + some.length, 0);
  return section(
    "Findings",
    rows.length
      ? el("ul", { class: "rows" }, rows)
      : el("p", null, "No error and no warning."),
    left > 0 || rest > 0
      ? el(
          "p",
          { class: "small" },
          el("a", { href: "#findings" }, left > 0 ? `${number(left)} more` : "All findings"),
          rest ? `, ${many(rest, "note")} among them` : "",
        )
      : null,
  );
}

function aboutWhat(finding) {
  if (finding.column) return toBoth(finding.column);
  if (finding.node) return toNode(finding.node);
  return code(finding.name);
}

// What stands between backticks is code.
function prose(sentence) {
  const pieces = sentence.split("`");
  if (pieces.length % 2 === 0) return sentence;
  return pieces.map((piece, at) => (at % 2 ? code(piece) : piece));
}

function martsInBrief() {
  const order = ["holds", "unsure", "free"];
  const found = marts
    .map((node) => [node, standing(node)])
    .sort(([a, one], [b, other]) => rankOf(a) - rankOf(b) || order.indexOf(one.sort) - order.indexOf(other.sort) || compare(a.name, b.name));
  const rows = found.slice(0, 10).map(([node, one]) =>
    el(
      "tr",
      null,
      el("th", { scope: "row" }, toProof(node)),
      el("td", null, el("span", { class: `verdict-word ${one.sort}` }, one.short)),
      el("td", null, el("span", { class: "marks" }, marks(tally([node])))),
      el("td", null, zoneName(node.zone)),
    ),
  );
  return section(
    "Marts, and what is proven of them",
    table("Marts", ["Mart", "Proof", "Columns", "Zone"], rows),
    found.length > rows.length ? el("p", { class: "small" }, el("a", { href: "#proof" }, `${number(found.length - rows.length)} more`)) : null,
  );
}

const rankOf = (node) => (node.zone === "restricted" ? 1 : 0);

const STATES = { holds: "holds", expired: "expired", unusable: "doesn't count", weakens: "weakens" };

function leavesTable() {
  if (!leaves.length) return section("Exceptions", el("p", null, "Nothing is let pass, and the policy is no milder than it ships."));
  const order = ["expired", "unusable", "weakens", "holds"];
  const rows = [...leaves]
    .sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state))
    .map((leave) =>
      el(
        "tr",
        null,
        el("td", null, el("span", { class: `state ${leave.state}` }, STATES[leave.state])),
        el(
          "th",
          { scope: "row" },
          leave.sort,
          leave.node ? el("span", { class: "block" }, toNode(leave.node), leave.column ? `.${leave.column}` : "") : leave.uid ? el("span", { class: "block" }, code(leave.uid)) : null,
        ),
        el("td", null, leave.what, leave.reason ? el("span", { class: "block small" }, prose(leave.reason)) : null),
        el("td", null, leave.until ? el("span", { class: "nowrap" }, `until ${leave.until}`) : "", leave.by ? el("span", { class: "block small" }, `by ${leave.by}`) : null),
      ),
    );
  return section("Exceptions", table("Exceptions", ["State", "What", "For", "Word"], rows));
}

function meter(label, parts, whole) {
  const bar = el("div", { class: "share", "aria-hidden": "true" });
  for (const [name, count] of parts) {
    if (!count) continue;
    const part = el("span", { class: `part ${name}` });
    part.style.flexGrow = String(count / (whole || 1));
    bar.append(part);
  }
  return el("div", { class: "meter" }, el("h3", null, label), bar);
}

function coverage() {
  const [models, all, resolved, tagged, clean, unreviewed] = told.coverage;
  return section(
    "Coverage",
    meter(`${number(resolved)} of ${many(all, "column")} in ${many(models, "model")} resolved`, [
      ["seen", resolved],
      ["unknown", all - resolved],
    ], all),
    meter("Source columns", [["tagged", tagged], ["seen", clean], ["unreviewed", unreviewed]], tagged + clean + unreviewed),
    el(
      "ul",
      { class: "plain keys" },
      el("li", null, el("i", { class: "key tagged", "aria-hidden": "true" }), `${number(tagged)} tagged as personal`),
      el("li", null, el("i", { class: "key seen", "aria-hidden": "true" }), `${number(clean)} declared clean`),
      el("li", null, el("i", { class: "key unreviewed", "aria-hidden": "true" }), `${number(unreviewed)} never reviewed`),
    ),
    notSeen(blind, halfSeen),
  );
}

function notSeen(places, halves) {
  if (!places.length && !halves.length) return el("p", { class: "small" }, "Nothing was out of sight.");
  const most = 8;
  const lines = [
    ...places.map((one) => el("li", null, one.node ? toNode(one.node) : "", `: ${one.reason}`, one.place ? el("span", { class: "dim" }, ` ${one.place}`) : "")),
    ...halves.map((one) => el("li", null, one.node ? toNode(one.node) : "", ": one branch only; not seen: ", listed(one.missing))),
  ];
  return el(
    "div",
    null,
    el("h3", null, `Not seen: ${many(places.length, "place")}, ${many(halves.length, "half-seen model")}`),
    el("ul", { class: "small plain" }, lines.slice(0, most)),
    lines.length > most
      ? el("details", null, el("summary", null, `${number(lines.length - most)} more`), el("ul", { class: "small plain" }, lines.slice(most)))
      : null,
  );
}

const signed = (state) => el("span", { class: `state ${state.replaceAll(" ", "-")}` }, state);

function leaving() {
  if (!uses.size) return null;
  const order = ["unsigned", "expired", "signed in part", "open", "signed", "nothing to sign"];
  const rows = [...uses.values()]
    .sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state))
    .map((use) =>
      el(
        "tr",
        null,
        el("th", { scope: "row" }, toProof(use.node), el("span", { class: "block small" }, use.recipient === use.node.name ? use.type : `${use.type}, ${use.recipient}`)),
        el("td", null, use.node.owner || "nobody"),
        el("td", null, signed(use.state), el("span", { class: "block small" }, use.sentence)),
      ),
    );
  const shown = rows.slice(0, 12);
  return section(
    "Where data leaves",
    table("Where data leaves", ["Use", "Owner", "Sign-off"], shown),
    rows.length > shown.length
      ? el("p", { class: "small" }, el("a", { href: link("lineage", undefined, { zone: "export" }) }, `${number(rows.length - shown.length)} more`))
      : null,
  );
}

const FRESH = {
  fresh: "fresh against the project's SQL and macros (its YAML, variables and target can't be told)",
  stale: "older than the project's files",
  unchecked: "freshness not checked",
};

function scanned() {
  if (!met) return null;
  const surprising = met.filter((one) => one.node && one.standing !== "expected");
  return section(
    "What a scan of the data met",
    surprising.length
      ? el("ul", { class: "plain small" }, surprising.slice(0, 12).map(sighted), surprising.length > 12 ? el("li", null, `and ${number(surprising.length - 12)} more columns`) : null)
      : el("p", null, "No personal value or key stands where none was known."),
  );
}

const sighted = (one) =>
  el("li", null, toNode(one.node), `.${one.column}: ${one.pattern} in ${number(one.rows)} of ${many(one.looked, "row")}, ${one.standing === "declared clean" ? "though declared clean" : "and nobody knew"}`);

function inputs() {
  return section(
    "What was read",
    el(
      "ul",
      { class: "plain small" },
      told.manifests.map(([sha, dbt, adapter, target, freshness]) =>
        el(
          "li",
          null,
          el("span", { class: `state ${freshness}` }, freshness),
          ` manifest ${sha}, dbt ${dbt}, ${adapter}${target ? `, target ${target}` : ""}; ${FRESH[freshness]}`,
        ),
      ),
      told.notes.map((note) => el("li", null, prose(note))),
      el("li", { class: "dim" }, `pii-lint ${told.version}. ${met ? "A scan of the data was taken in." : "No scan of the data was given: the page stands on SQL alone."}`),
    ),
  );
}
