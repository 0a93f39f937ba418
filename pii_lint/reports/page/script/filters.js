// The five filters, the same in every view that lists something.
const choices = {
  kind: () => unique(stands.map((stand) => stand.kind)).sort(compare),
  form: () => [...WORST, "clean"],
  zone: () => ZONES.filter((zone) => nodes.some((node) => node.zone === zone)).map(zoneName),
  owner: () => unique(nodes.map((node) => node.owner).filter(Boolean)).sort(compare),
};

function filters(chosen, which, change) {
  const field = (name) => {
    const id = `filter-${name}`;
    const input =
      name === "model"
        ? el("input", { id, type: "search", value: chosen.model, placeholder: "part of a name" })
        : el(
            "select",
            { id },
            el("option", { value: "" }, "all"),
            // an address may ask for what isn't there
            unique([...choices[name](), ...(chosen[name] ? [chosen[name]] : [])]).map((one) =>
              el("option", { value: one, selected: one === chosen[name] }, one),
            ),
          );
    input.addEventListener("input", () => {
      if (input.value) chosen[name] = input.value;
      else delete chosen[name];
      change();
    });
    return el("p", null, el("label", { for: id }, name), input);
  };
  return el("form", { class: "filters", "aria-label": "Filters" }, which.map(field));
}

// A kind stands for those below it too.
const within = (kind, wanted) => kind === wanted || kind.startsWith(`${wanted}.`);

function nodePasses(node, chosen) {
  if (chosen.zone && zoneName(node.zone) !== chosen.zone) return false;
  if (chosen.owner && node.owner !== chosen.owner) return false;
  return !chosen.model || node.name.toLowerCase().includes(chosen.model.toLowerCase());
}

function standPasses(stand, chosen) {
  return (
    (!chosen.kind || within(stand.kind, chosen.kind)) && (!chosen.form || stand.form === chosen.form)
  );
}

function columnPasses(column, chosen) {
  if (chosen.form === "clean") return !chosen.kind && column.stands.length === 0;
  if (!chosen.kind && !chosen.form) return true;
  return column.stands.some((stand) => standPasses(stand, chosen));
}
