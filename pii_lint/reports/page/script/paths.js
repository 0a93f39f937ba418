// From a column back to its sources, and forth to all it reaches.
const originsOf = (column) => new Set(column.stands.map((stand) => stand.origin));
const carries = (column, origins) => column.stands.some((stand) => origins.has(stand.origin));

// A personal column is followed along what carries its labels; a clean one along all it touches.
function back(column) {
  const origins = originsOf(column);
  const goes = (edge) => edge.from && (origins.size === 0 || carries(edge.from, origins));
  return walk(column, (at) => at.made.filter(goes), (edge) => edge.from);
}

function forth(column) {
  const origins = originsOf(column);
  const goes = (edge) => (origins.size === 0 ? true : carries(edge.to, origins));
  return walk(column, (at) => at.makes.filter(goes), (edge) => edge.to);
}

function walk(start, edgesOf, next) {
  const seen = new Set([start]);
  const edges = new Set();
  const ahead = [start];
  while (ahead.length) {
    for (const edge of edgesOf(ahead.pop())) {
      edges.add(edge);
      const at = next(edge);
      if (!seen.has(at)) {
        seen.add(at);
        ahead.push(at);
      }
    }
  }
  return { columns: seen, edges };
}

// One label's way, origin first.
function wayOf(stand) {
  const found = [];
  const seen = new Set();
  for (let at = stand; at && !seen.has(at.id); at = stands[at.before]) {
    seen.add(at.id);
    found.unshift(at);
  }
  return found;
}

// Labels that read alike are told once.
function toldOnce(some) {
  return [...group(some, (one) => `${one.origin}\n${one.kind}\n${one.form}\n${one.clause}`).values()].map(
    (alike) => alike[0],
  );
}

// What flows between two relations: the worst form of any label on its way.
function formBetween(from, to, edges) {
  const origins = new Map();
  for (const edge of edges) {
    if (!edge.from) continue;
    const passing = originsOf(edge.from);
    for (const stand of edge.to.stands) if (passing.has(stand.origin)) origins.set(stand.form, stand);
  }
  return worstForm([...origins.values()]);
}

// All relations that a relation is built from, itself among them.
function above(node) {
  const seen = new Set([node]);
  const ahead = [node];
  while (ahead.length) {
    for (const read of ahead.pop().reads) {
      if (!seen.has(nodes[read])) {
        seen.add(nodes[read]);
        ahead.push(nodes[read]);
      }
    }
  }
  return seen;
}
