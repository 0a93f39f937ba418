// The graph with what is looked at beside it.
const unfolded = new Set();

function lineage(column, node, chosen) {
  const canvas = el("div", { class: "canvas", tabindex: "0", role: "region", "aria-label": "Lineage, from sources on the left to uses on the right" });
  const aside = el("aside", { class: "detail", "aria-label": "Details" });
  const results = el("div", { class: `flow${column || node ? " split" : ""}` }, canvas, aside);
  const about = el("p", { class: "small", id: "shown" });

  function draw() {
    const picked = column ? traced(column) : around(node, chosen);
    about.replaceChildren(...picked.about);
    canvas.replaceChildren(
      graph({
        ...picked,
        canvas,
        open(key) {
          unfolded.add(key);
          draw();
        },
        pick(one) {
          location.hash = node === one ? link("lineage", undefined, chosen) : link("relation", called(one), chosen);
        },
      }),
    );
    const here = canvas.querySelector(".box.chosen, .ports .chosen");
    if (here) {
      const [frame, at] = [canvas.getBoundingClientRect(), here.getBoundingClientRect()];
      canvas.scrollLeft += at.left - frame.left - (frame.width - at.width) / 2;
      canvas.scrollTop += at.top - frame.top - (frame.height - at.height) / 2;
    }
  }

  draw();
  if (column) aside.append(...columnDetail(column).flat(9).filter(Boolean));
  else if (node) aside.append(...relationDetail(node).flat(9).filter(Boolean));
  return [
    el("h1", { class: "unseen" }, "Lineage"),
    filters(chosen, ["model", "zone", "kind", "form", "owner"], () => {
      replaceAddress(column ? link("column", addressOf(column), chosen) : node ? link("relation", called(node), chosen) : link("lineage", undefined, chosen));
      draw();
    }),
    el("div", { class: "above" }, about, legend()),
    results,
  ];
}

// A column's whole way, both directions, and nothing else.
function traced(column) {
  const [up, down] = [back(column), forth(column)];
  const lit = new Set([...up.columns, ...down.columns]);
  const some = unique([...lit].map((one) => one.node));
  const out = unique(some.flatMap((node) => node.readers.map((id) => nodes[id]).filter((one) => one.sort === "exposure")));
  const by = group(lit, (one) => one.node);
  return {
    ...folded([...some, ...out], new Set(unique([...up.columns].map((one) => one.node)))),
    columnsOf: (node) => by.get(node) || [],
    chosen: new Set([column]),
    edges: new Set([...up.edges, ...down.edges]),
    about: [
      `${many(up.columns.size - 1, "column")} before `,
      el("strong", null, `${column.node.name}.${column.name}`),
      `, ${many(down.columns.size - 1, "column")} after it. `,
      el("a", { href: "#lineage" }, "Show the whole lineage"),
    ],
  };
}

function around(node, chosen) {
  const asked = Object.keys(chosen).length > 0;
  const some = nodes.filter((one) => nodePasses(one, chosen) && ((!chosen.kind && !chosen.form) || one.columns.some((column) => columnPasses(column, chosen))));
  // what stands before and behind a match is part of its story
  const kept = new Set(some);
  if (asked && some.length <= 40) {
    for (const one of some) {
      for (const id of [...one.reads, ...one.readers]) kept.add(nodes[id]);
    }
  }
  const near = new Set(some.length < nodes.length ? matters(some) : usual());
  for (const one of node ? [node, ...[...node.reads, ...node.readers].slice(0, 60).map((id) => nodes[id])] : []) {
    near.add(one);
    kept.add(one);
  }
  const parts = folded([...kept], near);
  return {
    ...parts,
    chosen: new Set(node ? [node] : []),
    about: [
      asked ? `${many(some.length, "relation")} fit. ` : "",
      parts.folds.length
        ? `Shown are the ${many(Math.min(MOST_MARTS, parts.shown.length), "mart")} that hold the most, and what reaches them; ${many(parts.hidden, "relation")} more are folded.`
        : `All ${many(parts.shown.length, "relation")} are shown.`,
    ],
  };
}

// Who must be seen; the rest by folder.
function folded(some, must) {
  const whole = some.length <= FEW;
  const shown = [];
  const folds = [];
  for (const [key, column] of group(some, (node) => `${node.band}/${node.rank}`)) {
    const first = new Set(whole ? column : column.filter((node) => must.has(node)));
    const rest = column.filter((node) => !first.has(node));
    for (const [zone, alike] of group(rest, (node) => node.zone)) {
      const all = `${key}/${zone}`;
      const folders = [...group(alike, (node) => node.folder)].sort(([one], [other]) => compare(one, other));
      if (alike.length === 1) first.add(alike[0]);
      else if (folders.length > 4 && !unfolded.has(all)) {
        folds.push({ key: all, title: `${number(alike.length)} more`, nodes: alike });
      } else {
        for (const [folder, inside] of folders) {
          const one = `${all}/${folder}`;
          if (inside.length === 1 || unfolded.has(one)) for (const node of inside) first.add(node);
          else folds.push({ key: one, title: `${number(inside.length)} in ${shortFolder(folder)}`, nodes: inside });
        }
      }
    }
    shown.push(...first);
  }
  return { shown, folds, hidden: folds.reduce((sum, fold) => sum + fold.nodes.length, 0) };
}

const shortFolder = (folder) => folder.split("/").slice(-2).join("/");

// The marts that matter most, and all that their labels came by.
const MOST_MARTS = 8;

let remembered;
const usual = () => (remembered ||= matters(nodes.filter((one) => BANDS[one.band] === "Marts")));

function matters(some) {
  const heavy = { error: 1000, warn: 100, note: 1 };
  const weights = new Map();
  const raise = (node, weight) => weights.set(node, Math.max(weights.get(node) || 0, weight));
  for (const finding of counting) if (finding.node) raise(finding.node, finding.flows.length ? heavy[finding.severity] : 0);
  const weigh = (node) => {
    const worst = WORST.find((one) => tallies[node.id][one]);
    return (weights.get(node) || 0) + (VALUES.includes(worst) ? 10 - WORST.indexOf(worst) : 0);
  };
  const ends = some.map((node) => [weigh(node), node]).filter(([weight]) => weight > 0);
  ends.sort(([one, a], [other, b]) => other - one || a.order - b.order);
  const found = new Set();
  for (const [, node] of ends.slice(0, MOST_MARTS)) {
    found.add(node);
    for (const column of node.columns) {
      for (const stand of toldOnce(column.stands).slice(0, MOST_WAYS)) {
        if (isValue(stand)) for (const hop of wayOf(stand)) found.add(hop.column.node);
      }
    }
    for (const id of node.readers) if (nodes[id].sort === "exposure") found.add(nodes[id]);
  }
  return found;
}
