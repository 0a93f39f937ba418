// Boxes in bands, drawn by the browser's own layout; wires are laid where the boxes came to stand.
const BANDS = ["Raw", "Staging", "Intermediate", "Marts", "Uses"];
const PAPER = 660;
// pixels across a printed page
const FEW = 70;
// relations of a project that is shown whole

const between = new Map();
for (const column of columns) {
  if (!column.stands.length) continue;
  for (const edge of column.made) {
    if (!edge.from || edge.from.node === column.node || !edge.from.stands.length) continue;
    const key = `${edge.from.node.id}>${column.node.id}`;
    if (!between.has(key)) between.set(key, []);
    between.get(key).push(edge);
  }
}
const wireForms = new Map();
function wireForm(from, to) {
  const key = `${from.id}>${to.id}`;
  if (!wireForms.has(key)) {
    const edges = between.get(key);
    // a use takes what the relation under it holds
    const worst = to.sort === "exposure" ? worstForm(from.columns.flatMap((column) => column.stands)) : undefined;
    wireForms.set(key, edges ? formBetween(from, to, edges) : worst);
  }
  return wireForms.get(key);
}

// `shown` are nodes to draw by themselves; `folds` are [key, title, nodes] to draw as one.
function graph({ canvas, shown, folds, columnsOf, chosen, edges, open, pick }) {
  const boxOf = new Map();
  const drawn = el("div", { class: "graph" });
  const wires = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  wires.setAttribute("class", "wires");
  wires.setAttribute("aria-hidden", "true");
  const ports = new Map();

  const places = [...group([...shown.map((node) => ({ node })), ...folds], (one) => band(one))].sort(
    ([one], [other]) => one - other,
  );
  const bands = places.map(([at, some]) => {
    const ranks = [...group(some, (one) => rank(one))].sort(([one], [other]) => one - other);
    return el(
      "section",
      { class: "band", "aria-label": BANDS[at] },
      el("h3", null, BANDS[at]),
      el("div", { class: "ranks" }, ranks.map(([, boxes]) => el("ul", { class: "rank" }, stack(boxes)))),
    );
  });
  const ranks = places.reduce((sum, [, some]) => sum + group(some, rank).size, 0);
  drawn.append(wires, el("div", { class: "bands" }, bands));

  function band(one) {
    return one.node ? one.node.band : one.nodes[0].band;
  }

  function rank(one) {
    return one.node ? one.node.rank : one.nodes[0].rank;
  }

  function stack(boxes) {
    const zone = (one) => (one.node || one.nodes[0]).zone;
    const made = [];
    const some = [...group(boxes, zone)].sort(([one], [other]) => compare(other, one));
    for (const [name, alike] of some) {
      if (["safe", "restricted", ""].includes(name)) {
        made.push(el("li", { class: `zone-name ${name || "none"}` }, zoneName(name)));
      }
      const order = (one) => (one.node ? one.node.order : 1e9);
      alike.sort((one, other) => order(one) - order(other) || compare(one.key, other.key));
      made.push(...alike.map((one) => (one.node ? box(one.node) : fold(one))));
    }
    return made;
  }

  function box(node) {
    const own = columnsOf ? columnsOf(node) : [];
    const counted = marks(tally([node]));
    const troubled = counting.some((finding) => finding.node === node && finding.severity === "error");
    const use = uses.get(node.id);
    const made = el(
      "li",
      { class: `box ${node.zone || "none"}${chosen.has(node) ? " chosen" : ""}` },
      el(
        "button",
        { type: "button", class: "node", "aria-pressed": String(chosen.has(node)), title: node.name, on: { click: () => pick(node) } },
        el("span", { class: "title" }, node.name),
        el(
          "span",
          { class: "marks" },
          troubled ? severity("error") : null,
          use ? signed(use.state) : counted.length ? counted : el("span", { class: "dim" }, node.sort === "exposure" ? "" : node.sort === "secret" ? "secret" : "clean"),
        ),
      ),
      own.length ? el("ul", { class: "ports" }, own.map((column) => port(column))) : null,
    );
    boxOf.set(node, made);
    return made;
  }

  function port(column) {
    const here = chosen.has(column);
    const said = edges ? expressionInto(column) : "";
    const made = el(
      "li",
      { class: here ? "chosen" : null },
      el(
        "a",
        { href: link("column", addressOf(column)), class: "port", "aria-current": here ? "true" : null },
        el("span", { class: "title" }, mark(formOf(column)), " ", column.name),
        said ? code(said, "expression") : null,
      ),
    );
    ports.set(column, made);
    return made;
  }

  function expressionInto(column) {
    const into = column.made.find((edge) => edges.has(edge)) || column.made[0];
    if (!into || into.expression.toLowerCase() === column.name.toLowerCase()) return "";
    return into.expression;
  }

  function fold(one) {
    const counted = [...marks(tally(one.nodes)), ...useStates(one.nodes).map(([state, count]) => [signed(state), ` ${number(count)}`])];
    const made = el(
      "li",
      { class: "box fold" },
      el(
        "button",
        { type: "button", class: "node", "aria-expanded": "false", on: { click: () => open(one.key) } },
        el("span", { class: "title" }, one.title),
        el("span", { class: "marks" }, counted.length ? counted : el("span", { class: "dim" }, "clean")),
      ),
    );
    for (const node of one.nodes) boxOf.set(node, made);
    return made;
  }

  // Boxes are as wide as the canvas allows. In pixels, so that paper shows what was measured here.
  function widen() {
    const gaps = (places.length - 1) * 44 + (ranks - places.length) * 36 + 48;
    const room = (canvas.clientWidth - gaps) / ranks;
    drawn.style.setProperty("--box", `${Math.max(128, Math.min(room, 204))}px`);
    drawn.style.setProperty("--paper-zoom", String(Math.min(1, PAPER / drawn.offsetWidth)));
  }

  function lay() {
    widen();
    const frame = drawn.getBoundingClientRect();
    const laid = new Map();
    const spot = (made) => {
      if (!laid.has(made)) {
        const at = made.getBoundingClientRect();
        const y = at.top - frame.top + Math.min(at.height / 2, 22);
        const x = at.left - frame.left;
        laid.set(made, { left: x, right: x + at.width, y });
      }
      return laid.get(made);
    };
    const found = new Map();
    const join = (from, to, name, strong) => {
      if (!from || !to || from === to) return;
      const known = found.get(from)?.get(to);
      if (known && known.strong >= strong && (!name || (known.name && worse(known.name, name) <= 0))) return;
      if (!found.has(from)) found.set(from, new Map());
      found.get(from).set(to, { name, strong });
    };
    if (edges) {
      for (const edge of edges) {
        const name = formBetween(edge.from.node, edge.to.node, [edge]) || formOf(edge.to);
        const [from, to] = [ports.get(edge.from), ports.get(edge.to)];
        join(from || boxOf.get(edge.from.node), to || boxOf.get(edge.to.node), name, 2);
      }
      for (const node of shown) {
        if (node.sort === "exposure") {
          for (const read of node.reads) join(boxOf.get(nodes[read]), boxOf.get(node), wireForm(nodes[read], node), 2);
        }
      }
    } else {
      for (const node of boxOf.keys()) {
        for (const read of node.reads) {
          const from = boxOf.get(nodes[read]);
          const to = boxOf.get(node);
          const lit = chosen.size && (chosen.has(node) || chosen.has(nodes[read]));
          join(from, to, wireForm(nodes[read], node), chosen.size ? (lit ? 2 : 0) : 1);
        }
      }
    }
    const lines = [];
    for (const [from, tos] of found) {
      for (const [to, { name, strong }] of tos) {
        const [one, other] = [spot(from), spot(to)];
        const backwards = other.left < one.right + 4;
        const [x1, x2] = backwards ? [one.right, other.right] : [one.right, other.left];
        const bend = backwards ? 46 : Math.max((x2 - x1) / 2, 18);
        const end = backwards ? x2 + bend : x2 - bend;
        const made = line(`M${x1} ${one.y}C${x1 + bend} ${one.y} ${end} ${other.y} ${x2} ${other.y}`, name);
        made.classList.add(["faint", "usual", "lit"][strong]);
        lines.push([WORST.indexOf(name), strong, made]);
      }
    }
    lines.sort((one, other) => one[1] - other[1] || (other[0] < 0 ? 1 : one[0] < 0 ? -1 : other[0] - one[0]));
    wires.setAttribute("width", String(drawn.scrollWidth));
    wires.setAttribute("height", String(drawn.scrollHeight));
    wires.replaceChildren(...lines.map(([, , made]) => made));
  }

  let width = 0;
  new ResizeObserver(() => {
    if (canvas.clientWidth === width) return;
    width = canvas.clientWidth;
    lay();
  }).observe(canvas);
  return drawn;
}
