// A field that leads to a relation or a column by a part of its name.
const MOST_FOUND = 12;

function searchField() {
  const found = el("ul", { id: "found", class: "found", hidden: true });
  const input = el("input", {
    type: "search",
    id: "query",
    placeholder: "Find a relation or column",
    "aria-controls": "found",
    autocomplete: "off",
    spellcheck: "false",
  });

  function look() {
    const wanted = input.value.trim().toLowerCase();
    const hits = wanted.length > 1 ? matches(wanted) : [];
    found.replaceChildren(
      ...hits.slice(0, MOST_FOUND).map((hit) =>
        el("li", null, hit.node
          ? el("a", { href: link("column", addressOf(hit)) }, el("span", null, el("span", { class: "dim" }, `${brief(hit.node.name)}.`), brief(hit.name)), mark(formOf(hit)))
          : el("a", { href: hit.sort === "exposure" || marts.includes(hit) ? link("proof", called(hit)) : link("relation", called(hit)) }, brief(hit.name), el("span", { class: "dim small" }, zoneName(hit.zone)))),
      ),
    );
    found.hidden = hits.length === 0;
    if (wanted.length > 1) say(hits.length ? `${number(hits.length)} found` : "nothing found");
  }

  input.addEventListener("input", look);
  input.addEventListener("focus", look);
  const close = () => {
    found.hidden = true;
  };
  const box = document.getElementById("search");
  box.addEventListener("keydown", (event) => {
    const links = [...found.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      close();
      input.focus();
      close();
    } else if (event.key === "ArrowDown" && links.length) {
      links[Math.min(at + 1, links.length - 1)].focus();
      event.preventDefault();
    } else if (event.key === "ArrowUp" && at >= 0) {
      (links[at - 1] || input).focus();
      event.preventDefault();
    } else if (event.key === "Enter" && document.activeElement === input && links.length) {
      links[0].click();
    }
  });
  box.addEventListener("focusout", (event) => {
    if (!box.contains(event.relatedTarget)) close();
  });
  found.addEventListener("click", close);
  box.append(el("label", { for: "query", class: "unseen" }, "Find a relation or column"), input, found);
}

// Names that begin with what is asked stand first, relations before columns.
function matches(wanted) {
  const found = [];
  for (const node of nodes) {
    const at = node.name.toLowerCase().indexOf(wanted);
    if (at >= 0) found.push([at > 0 ? 1 : 0, node.name, node]);
    for (const column of node.columns) {
      const full = `${node.name}.${column.name}`.toLowerCase();
      if (at < 0 && full.includes(wanted)) found.push([column.name.toLowerCase().startsWith(wanted) ? 2 : 3, full, column]);
    }
  }
  return found.sort((one, other) => one[0] - other[0] || compare(one[1], other[1])).map(([, , hit]) => hit);
}
