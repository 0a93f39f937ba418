// All findings, those that somebody let pass among them.
function findingRow(finding) {
  const [called] = told.rules[finding.code] || [""];
  return el(
    "li",
    null,
    severity(finding.why ? "passed" : finding.severity),
    el(
      "div",
      null,
      el("p", null, aboutWhat(finding), " ", code(finding.code), el("span", { class: "dim small" }, ` ${called.replaceAll("-", " ")}`)),
      el("p", null, prose(finding.message)),
      finding.place ? el("p", { class: "small dim" }, finding.place) : null,
      finding.why
        ? el("p", { class: "small" }, `Let pass: ${finding.why.reason}`, finding.why.by ? `, by ${finding.why.by}` : "", finding.why.until ? `, until ${finding.why.until}` : "")
        : finding.fix
          ? el("details", { class: "small" }, el("summary", null, "How to mend it"), el("p", null, prose(finding.fix)))
          : null,
    ),
  );
}

function findingPasses(finding, chosen) {
  if (finding.node ? !nodePasses(finding.node, chosen) : chosen.zone || chosen.owner || chosen.model) return false;
  if (chosen.kind && !finding.flows.some((flow) => within(flow.kind, chosen.kind))) return false;
  return !chosen.form || finding.flows.some((flow) => flow.form === chosen.form);
}

function findingsView(chosen) {
  const results = el("div");
  let shown = 100;
  const draw = () => {
    const some = findings.filter((finding) => findingPasses(finding, chosen));
    const order = (finding) => (finding.why ? 9 : SEVERITIES.indexOf(finding.severity));
    some.sort((one, other) => order(one) - order(other));
    const open = some.filter((one) => !one.why);
    const rest = some.length - shown;
    results.replaceChildren(
      el("p", { class: "small", role: "status" }, `${many(open.length, "finding")}, ${number(some.length - open.length)} let pass`),
      some.length ? el("ul", { class: "rows" }, some.slice(0, shown).map(findingRow)) : el("p", null, "Nothing fits."),
      rest > 0 ? el("p", null, el("button", { type: "button", on: { click: () => { shown += 100; draw(); } } }, `Show ${number(Math.min(100, rest))} more of ${number(some.length)}`)) : "",
    );
  };
  draw();
  return [
    el("h1", null, "Findings"),
    filters(chosen, ["model", "zone", "kind", "form", "owner"], () => {
      replaceAddress(link("findings", undefined, chosen));
      shown = 100;
      draw();
    }),
    results,
  ];
}
