// From the address to a view, and back.
const TITLES = { overview: "Overview", lineage: "Lineage", inventory: "Inventory", findings: "Findings", proof: "Proofs" };
const SHOWS = {
  overview,
  lineage: (chosen) => lineage(null, null, chosen),
  inventory,
  findings: findingsView,
  proof: proofs,
};
const main = document.getElementById("main");
let written = null;

function replaceAddress(address) {
  written = address;
  history.replaceState(null, "", address);
}

function show(first) {
  const { view, value, chosen } = read(location.hash);
  const node = value && nodeCalled(value);
  const column = view === "column" && value && columnCalled(value);
  let drawn;
  let title = VIEWS.includes(view) ? TITLES[view] : "";
  let current = view;
  if (column) {
    drawn = lineage(column, null, chosen);
    title = `${column.node.name}.${column.name}`;
    current = "lineage";
  } else if (view === "relation" && node) {
    drawn = lineage(null, node, chosen);
    title = node.name;
    current = "lineage";
  } else if (view === "proof" && node) {
    drawn = proof(node);
    title = `Proof of ${node.name}`;
  } else if (value !== undefined || !VIEWS.includes(view)) {
    drawn = [el("h1", null, "Nothing of that name"), el("p", null, "This page knows no ", code(brief(value || view)), ". ", el("a", { href: "#overview" }, "Back to the overview"))];
    title = "Nothing of that name";
  } else {
    drawn = SHOWS[view](chosen);
  }
  document.title = `${title} · ${told.project}`;
  main.className = `view-${view}`;
  for (const one of document.querySelectorAll("#views a")) {
    if (one.dataset.view === current) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  main.replaceChildren(...drawn.flat(9).filter(Boolean));
  if (!first) {
    const heading = main.querySelector(".detail h2");
    (heading || main).focus({ preventScroll: Boolean(heading) });
    if (!heading) scrollTo(0, 0);
    say(title);
  }
}

document.getElementById("project").textContent = told.project;
document.getElementById("views").append(
  ...VIEWS.map((view) => el("li", null, el("a", { href: `#${view}`, "data-view": view }, TITLES[view], view === "findings" && counting.length ? el("span", { class: "dim" }, ` ${number(counting.length)}`) : ""))),
);
searchField();
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => {
  if (location.hash === written) return;
  written = null;
  show(false);
});
show(true);
