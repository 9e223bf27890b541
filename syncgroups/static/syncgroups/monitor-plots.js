/* Draws the plots of the researcher's pages with Chart.js. Each is drawn from a table of the page, which says the same to
 * those who do not see it. With the arrow keys one goes from figure to figure.
 *
 * An element with `data-plot` is one: its kind is "course", "waits", "outcomes" or "timeline". Drawn anew after the
 * event `syncgroups:monitor`, and when the colours of the page change.
 */
const charts = new Map();
const root = document.querySelector(".monitor");

function colour(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

const series = (n) => colour(`monitor-series-${(n % 8) + 1}`);

function table(plot) {
  const names = [...plot.querySelectorAll("thead th")].slice(1).map((cell) => cell.textContent);
  const rows = [...plot.querySelectorAll("tbody tr")].map((row) => ({
    label: row.cells[0].textContent,
    values: [...row.cells].slice(1).map((cell) => Number(cell.textContent)),
  }));
  return { names, rows };
}

function counted(plot, look = {}) {
  const { names, rows } = table(plot);
  const { stacked = false, horizontal = false, colours = series, line = false, all = false } = look;
  const used = names.map((_, place) => place).filter((place) => rows.some((row) => row.values[place]) || names.length < 3);
  return {
    type: line ? "line" : "bar",
    data: {
      labels: rows.map((row) => row.label),
      datasets: used.map((place, order) => ({
        label: names[place],
        data: rows.map((row) => row.values[place]),
        backgroundColor: line && order === 0 ? fade(colours(place)) : colours(place),
        borderColor: colours(place),
        borderWidth: line ? 2 : 0,
        borderRadius: 3,
        maxBarThickness: 28,
        fill: line && order === 0,
        tension: 0,
        pointRadius: rows.length > 1 ? 0 : 4,
        pointHoverRadius: 5,
      })),
    },
    options: {
      indexAxis: horizontal ? "y" : "x",
      scales: {
        x: axis({ stacked, count: horizontal, bare: !horizontal, all }),
        y: axis({ stacked, count: !horizontal, bare: horizontal }),
      },
    },
  };
}

function fade(hex) {
  return `${hex}33`;
}

function axis({ stacked, count, bare, all = false }) {
  return {
    stacked,
    beginAtZero: true,
    grid: { display: !bare, color: colour("monitor-grid") },
    border: { display: false },
    ticks: {
      color: colour("monitor-quiet"),
      maxRotation: all ? 45 : 0,
      autoSkip: !all,
      autoSkipPadding: 12,
      ...(count ? { precision: 0 } : {}),
    },
  };
}

const OUTCOMES = ["good", "late", "bad", "away", "back"];
const KINDS = {
  course: (plot) => counted(plot, { line: true }),
  waits: (plot) => counted(plot, { all: true }),
  outcomes: (plot) =>
    counted(plot, { stacked: true, horizontal: true, colours: (n) => colour(`monitor-${OUTCOMES[n]}`) }),
  timeline,
};

function timeline() {
  const rows = [...document.querySelectorAll("[data-spans] tbody tr")].map((row) => row.dataset);
  const members = [...document.querySelectorAll("[data-spans] tbody tr")].map((row) => row.cells[0].textContent);
  const people = [...new Set(members)];
  const from = Math.min(...rows.map((row) => Number(row.from)));
  const until = Math.max(...rows.map((row) => Number(row.until)), from + 1000);
  const groups = new Map();
  rows.forEach((row, place) => {
    const name = row.kind === "wait" ? row.what : row.kind === "silent" ? row.what : "member";
    const key = `${row.kind} ${name}`;
    if (!groups.has(key)) {
      groups.set(key, { kind: row.kind, what: row.what, label: row.kind === "wait" ? row.what : row.label, data: [] });
    }
    // So that nothing is too short to be seen.
    const shortest = (until - from) / 250;
    const end = Math.max(Number(row.until), Number(row.from) + shortest);
    groups.get(key).data.push({ x: [Number(row.from), end], y: members[place], told: `${row.label}, ${row.for}` });
  });
  const order = { silent: 0, wait: 1, member: 2 };
  const sets = [...groups.values()].sort((one, other) => order[one.kind] - order[other.kind]);
  let nth = 0;
  return {
    type: "bar",
    data: {
      labels: people,
      datasets: sets.map((set) => ({
        label: set.label,
        data: set.data,
        grouped: false,
        order: order[set.kind],
        backgroundColor:
          set.kind === "member" ? colour("monitor-member") : set.kind === "silent" ? silence(set.what) : series(nth++),
        barThickness: { member: 30, wait: 18, silent: 5 }[set.kind],
        borderRadius: 3,
        borderSkipped: false,
      })),
    },
    options: {
      indexAxis: "y",
      scales: {
        x: { ...axis({ bare: false }), type: "linear", beginAtZero: false, ...times(from, until) },
        y: axis({ bare: true }),
      },
      plugins: { tooltip: { callbacks: { title: ([item]) => item.raw.y, label: (item) => item.raw.told } } },
    },
  };
}

const silence = (state) => colour(state === "gone" ? "monitor-bad" : "monitor-late");

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400].map((s) => s * 1000);

/** Ticks at round times, in the zone of the page. */
function times(from, until) {
  const shift = Number(document.body.dataset.adminUtcOffset || 0) * 1000;
  const wide = root.clientWidth > 700 ? 9 : 5;
  const step = STEPS.find((some) => (until - from) / some <= wide) || (until - from) / wide;
  const margin = (until - from) * 0.01;
  return {
    min: from - margin,
    max: until + margin,
    afterBuildTicks: (scale) => {
      scale.ticks = [];
      for (let at = Math.ceil((from + shift) / step) * step - shift; at <= until; at += step) {
        scale.ticks.push({ value: at });
      }
    },
    ticks: {
      color: colour("monitor-quiet"),
      maxRotation: 0,
      callback: (value) => new Date(value + shift).toISOString().slice(11, step < 60000 ? 19 : 16),
    },
  };
}

function draw(plot) {
  const kind = KINDS[plot.dataset.plot];
  const box = plot.querySelector(".monitor-canvas");
  if (!box || !window.Chart) {
    return;
  }
  const told = kind(plot);
  const title = plot.querySelector("figcaption").textContent;
  let chart = charts.get(plot);
  if (chart && !box.contains(chart.canvas)) {
    chart.destroy();
    chart = null;
  }
  if (!chart) {
    const canvas = document.createElement("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", title);
    box.replaceChildren(canvas);
    box.classList.add("is-drawn");
    chart = new window.Chart(canvas, { ...told, options: options(told) });
    charts.set(plot, chart);
    canvas.addEventListener("keydown", (event) => walk(event, chart, plot));
    canvas.addEventListener("blur", () => point(chart, plot, -1));
  } else {
    // Whoever has hidden a series, by its name, keeps it hidden.
    const hidden = chart.data.datasets.filter((set, place) => !chart.isDatasetVisible(place)).map((set) => set.label);
    chart.data = told.data;
    chart.data.datasets.forEach((set) => (set.hidden = hidden.includes(set.label)));
    chart.options = options(told);
    chart.update("none");
  }
  if (plot.dataset.plot === "timeline" || plot.dataset.plot === "outcomes") {
    const lines = told.data.labels.length;
    const size = `is-${Math.min(12, Math.max(2, lines))}-lines`;
    if (!box.classList.contains(size)) {
      box.classList.remove(...[...box.classList].filter((name) => name.endsWith("-lines")));
      box.classList.add(size);
      chart.resize();
    }
  }
}

function options(told) {
  const { indexAxis, plugins = {} } = told.options;
  const one = Boolean(plugins.tooltip); // Each bar has something of its own to say.
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: one ? { mode: "nearest", intersect: true } : { mode: "index", intersect: false, axis: indexAxis },
    ...told.options,
    plugins: {
      ...plugins,
      legend: {
        position: "bottom",
        align: "start",
        labels: { color: colour("monitor-fg"), boxWidth: 12, boxHeight: 12, useBorderRadius: true, borderRadius: 2 },
      },
    },
  };
}

/** The arrow keys go from one figure to the next, and each is told. */
function walk(event, chart, plot) {
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const n = chart.data.labels.length;
  if (event.key === "Escape") {
    point(chart, plot, -1);
  } else if (steps[event.key] && n) {
    event.preventDefault();
    const at = chart.syncgroupsAt ?? -1;
    point(chart, plot, at < 0 && steps[event.key] < 0 ? n - 1 : (at + steps[event.key] + n) % n);
  }
}

function point(chart, plot, place) {
  chart.syncgroupsAt = place;
  const label = chart.data.labels[place];
  const active = [];
  chart.data.datasets.forEach((set, datasetIndex) =>
    set.data.forEach((value, index) => {
      const meant = typeof value === "object" ? value.y === label : index === place;
      if (place >= 0 && meant && chart.isDatasetVisible(datasetIndex)) {
        active.push({ datasetIndex, index });
      }
    }),
  );
  chart.setActiveElements(active);
  chart.tooltip.setActiveElements(active, { x: 0, y: 0 });
  chart.update("none");
  const told = active.map(({ datasetIndex, index }) => {
    const set = chart.data.datasets[datasetIndex];
    return set.data[index].told || `${set.label} ${set.data[index]}`;
  });
  plot.querySelector("[role=status]").textContent = place < 0 ? "" : `${label}: ${told.join(", ")}`;
}

function drawAll() {
  document.querySelectorAll("[data-plot]").forEach(draw);
}

if (window.Chart) {
  window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
}
document.addEventListener("syncgroups:monitor", drawAll);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
drawAll();
